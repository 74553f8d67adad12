"""Text that is known, sound whose times are not: espeak-ng says the text, and dynamic time warping lays the one over the other.

Both sounds become log-mel spectra that forget the speaker and the microphone; the way of least difference through them
(Sakoe & Chiba, 1978, with pauses that the text does not show) brings espeak-ng's exact phoneme times to the recording. The way is
walked twice: what the first time lay over each other teaches a linear map from the one voice to the other.

    aligner     `Aligner`: a recording and its text → `Alignment`
    reference   the text as espeak-ng says it
    spectra     what is compared
    warping     the way of least difference
"""

from mien.motion.alignment.aligner import Aligner, Alignment

__all__ = ["Aligner", "Alignment"]
