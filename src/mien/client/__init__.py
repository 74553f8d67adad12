"""Another Mien's server, from Python: `mien.Client("http://host:8600").speak("astronaut", text="Hello").save("out.mp4")`."""
