"""Turns the text of a shell script into a tree of tuples: a small part of POSIX sh."""

OPERATORS = ("&&", "||", ";", "\n", "|", "&", "(", ")")
REDIRECTS = ("2>&1", ">&2", "1>&2", "2>", ">>", ">", "<")


class Word(str):
    """A word as written, with its quotes, to be expanded when its command runs."""


def tokens(text):
    at = 0
    while at < len(text):
        rest = text[at:]
        if rest[0] in " \t\r" or rest.startswith("\\\n"):
            at += 1 if rest[0] != "\\" else 2
        elif rest[0] == "#":
            at = text.find("\n", at) if "\n" in rest else len(text)
        elif found := next((one for one in REDIRECTS + OPERATORS if rest.startswith(one)), None):
            yield found
            at += len(found)
        else:
            end = word_end(text, at)
            yield Word(text[at:end])
            at = end


def word_end(text, at):
    quote = ""
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\" and quote == '"':
                at += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "\\":
            at += 1
        elif char in " \t\n;|&<>()":
            break
        at += 1
    return at


class Parser:
    def __init__(self, text):
        self.rest = list(tokens(text))

    def peek(self):
        return self.rest[0] if self.rest else None

    def take(self):
        return self.rest.pop(0)

    def skip(self, *these):
        while self.peek() in these:
            self.take()

    def list(self, *ends):
        """Commands up to one of the words `ends`, which is taken, or to the end."""
        commands = []
        while True:
            self.skip("\n", ";")
            if self.peek() is None:
                return ("list", commands)
            if self.peek() in ends:
                self.take()
                return ("list", commands)
            command = self.chain()
            if self.peek() == "&":
                self.take()
                command = ("background", command)
            commands.append(command)

    def chain(self):
        left = self.pipeline()
        while self.peek() in ("&&", "||"):
            operator = self.take()
            self.skip("\n")
            left = (operator, left, self.pipeline())
        return left

    def pipeline(self):
        commands = [self.command()]
        while self.peek() == "|":
            self.take()
            self.skip("\n")
            commands.append(self.command())
        return commands[0] if len(commands) == 1 else ("pipe", commands)

    def command(self):
        first = self.peek()
        if first in ("{", "("):
            self.take()
            return self.with_redirects(self.list("}" if first == "{" else ")"))
        if first in ("while", "until"):
            self.take()
            return self.with_redirects((first, self.list("do"), self.list("done")))
        if first == "for":
            return self.with_redirects(self.loop())
        if first == "if":
            self.take()
            return self.with_redirects(self.branch())
        return self.simple()

    def loop(self):
        self.take()
        name = self.take()
        words = []
        self.take()  # in
        while self.peek() not in (";", "\n", None):
            words.append(self.take())
        self.skip(";", "\n")
        self.take()  # do
        return ("for", name, words, self.list("done"))

    def branch(self):
        condition = self.list("then")
        commands = []
        while True:
            self.skip("\n", ";")
            if self.peek() in ("else", "fi", None):
                break
            commands.append(self.chain())
        other = ("list", [])
        if self.peek() == "else":
            self.take()
            other = self.list("fi")
        elif self.peek():
            self.take()
        return ("if", condition, ("list", commands), other)

    def simple(self):
        words, redirects = [], []
        while (token := self.peek()) is not None:
            if isinstance(token, Word):
                words.append(self.take())
            elif token in REDIRECTS:
                redirects.append(self.redirect())
            else:
                break
        if not words and not redirects:
            self.take()  # what is no command here is passed over
        return self.wrapped(("run", words), redirects)

    def redirect(self):
        operator = self.take()
        has_target = operator in ("2>", ">>", ">", "<") and self.rest
        return (operator, self.take() if has_target else "")

    def with_redirects(self, command):
        redirects = []
        while self.peek() in REDIRECTS:
            redirects.append(self.redirect())
        return self.wrapped(command, redirects)

    def wrapped(self, command, redirects):
        return ("redirect", command, redirects) if redirects else command


def parse(text):
    return Parser(text).list()
