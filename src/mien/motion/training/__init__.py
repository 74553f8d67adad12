"""How the network that hears speech is made: synthetic speech with exact phoneme times, made worse as real rooms do, and a short training."""
