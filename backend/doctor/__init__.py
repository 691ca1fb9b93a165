# doctor/ -- looks whether a server can work as it is set up, and says what to do where it cannot.
