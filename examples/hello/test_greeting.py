import unittest

from greeting import GREETINGS, greet


class GreetingTest(unittest.TestCase):
    def test_greets_in_english(self):
        self.assertEqual(greet("en"), "Hello, world!")

    def test_greets_by_name(self):
        self.assertEqual(greet("de", "Ada"), "Hallo, Ada!")

    def test_an_unknown_language_is_an_error(self):
        with self.assertRaises(KeyError):
            greet("xx")

    def test_every_language_has_a_greeting(self):
        for language in GREETINGS:
            self.assertTrue(greet(language).endswith(", world!"))


if __name__ == "__main__":
    unittest.main()
