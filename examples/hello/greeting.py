"""What the service says. Kept apart from HTTP so that it is tested without a server."""

GREETINGS = {"en": "Hello", "de": "Hallo", "fr": "Bonjour", "pt": "Olá"}


def greet(language: str, name: str = "world") -> str:
    return f"{GREETINGS[language]}, {name}!"
