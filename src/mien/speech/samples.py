"""A short sentence in each language, for trying voices out."""

from __future__ import annotations

_SENTENCES = {
    "en": "Hello, it is nice to meet you.",
    "zh": "你好，很高兴认识你。",
    "yue": "你好，很高興認識你。",
    "af": "Hallo, dit is gaaf om jou te ontmoet.",
    "am": "ሰላም፣ ስላገኘሁህ ደስ ብሎኛል።",
    "ar": "مرحبا، سعيد بلقائك.",
    "az": "Salam, tanış olmağımıza şadam.",
    "be": "Прывітанне, рады пазнаёміцца.",
    "bg": "Здравейте, приятно ми е да се запознаем.",
    "bn": "নমস্কার, আপনার সাথে দেখা করে ভালো লাগলো।",
    "bs": "Zdravo, drago mi je da smo se upoznali.",
    "ca": "Hola, encantat de conèixer-te.",
    "cs": "Dobrý den, těší mě, že vás poznávám.",
    "cy": "Helo, mae'n braf cwrdd â chi.",
    "da": "Hej, det er rart at møde dig.",
    "de": "Hallo, schön, Sie kennenzulernen.",
    "el": "Γεια σας, χαίρομαι που σας γνωρίζω.",
    "eo": "Saluton, mi ĝojas renkonti vin.",
    "es": "Hola, encantado de conocerte.",
    "et": "Tere, meeldiv tutvuda.",
    "eu": "Kaixo, pozten naiz zu ezagutzeaz.",
    "fa": "سلام، از آشنایی با شما خوشبختم.",
    "fi": "Hei, hauska tutustua.",
    "fr": "Bonjour, ravi de vous rencontrer.",
    "ga": "Dia duit, tá áthas orm bualadh leat.",
    "gl": "Ola, encantado de coñecerte.",
    "gu": "નમસ્તે, તમને મળીને આનંદ થયો.",
    "he": "שלום, נעים להכיר.",
    "hi": "नमस्ते, आपसे मिलकर खुशी हुई।",
    "hr": "Bok, drago mi je što smo se upoznali.",
    "hu": "Jó napot, örülök, hogy megismerhetem.",
    "hy": "Բարև, ուրախ եմ ծանոթանալ ձեզ հետ։",
    "id": "Halo, senang bertemu dengan Anda.",
    "is": "Halló, gaman að kynnast þér.",
    "it": "Ciao, piacere di conoscerti.",
    "ja": "こんにちは、お会いできてうれしいです。",
    "ka": "გამარჯობა, სასიამოვნოა თქვენი გაცნობა.",
    "kk": "Сәлеметсіз бе, танысқаныма қуаныштымын.",
    "kn": "ನಮಸ್ಕಾರ, ನಿಮ್ಮನ್ನು ಭೇಟಿಯಾಗಿ ಸಂತೋಷವಾಯಿತು.",
    "ko": "안녕하세요, 만나서 반갑습니다.",
    "la": "Salve, gaudeo te videre.",
    "lt": "Sveiki, malonu susipažinti.",
    "lv": "Sveiki, prieks iepazīties.",
    "mk": "Здраво, мило ми е што се запознавме.",
    "ml": "നമസ്കാരം, നിങ്ങളെ കണ്ടതിൽ സന്തോഷം.",
    "mr": "नमस्कार, तुम्हाला भेटून आनंद झाला.",
    "ms": "Helo, gembira bertemu dengan anda.",
    "mt": "Bonġu, għandi pjaċir niltaqa' miegħek.",
    "my": "မင်္ဂလာပါ၊ တွေ့ရတာ ဝမ်းသာပါတယ်။",
    "nb": "Hei, hyggelig å møte deg.",
    "ne": "नमस्ते, तपाईंलाई भेटेर खुशी लाग्यो।",
    "nl": "Hallo, aangenaam kennis te maken.",
    "pa": "ਸਤ ਸ੍ਰੀ ਅਕਾਲ, ਤੁਹਾਨੂੰ ਮਿਲ ਕੇ ਖੁਸ਼ੀ ਹੋਈ।",
    "pl": "Dzień dobry, miło cię poznać.",
    "pt": "Olá, prazer em conhecê-lo.",
    "ro": "Bună, mă bucur să te cunosc.",
    "ru": "Здравствуйте, приятно познакомиться.",
    "si": "ආයුබෝවන්, ඔබව හමුවීම සතුටක්.",
    "sk": "Dobrý deň, teší ma, že vás spoznávam.",
    "sl": "Pozdravljeni, veseli me, da vas spoznam.",
    "sq": "Përshëndetje, gëzohem që u njohëm.",
    "sr": "Здраво, драго ми је што смо се упознали.",
    "sv": "Hej, trevligt att träffas.",
    "sw": "Habari, nafurahi kukutana nawe.",
    "ta": "வணக்கம், உங்களைச் சந்தித்ததில் மகிழ்ச்சி.",
    "te": "నమస్కారం, మిమ్మల్ని కలవడం సంతోషంగా ఉంది.",
    "th": "สวัสดี ยินดีที่ได้รู้จัก",
    "tr": "Merhaba, tanıştığıma memnun oldum.",
    "uk": "Вітаю, приємно познайомитися.",
    "ur": "السلام علیکم، آپ سے مل کر خوشی ہوئی۔",
    "uz": "Salom, tanishganimdan xursandman.",
    "vi": "Xin chào, rất vui được gặp bạn.",
}

_OTHER_NAMES = {"no": "nb", "nn": "nb", "zh-hk": "yue", "zh-mo": "yue", "cmn": "zh"}


def sentence(language: str) -> str:
    """A greeting in a language; in English if none is known.

    Args:
        language: BCP 47 tag of any length, or the name of a voice that begins with one.
    """
    tag = language.lower().replace("_", "-")
    for name, other in _OTHER_NAMES.items():
        if tag == name or tag.startswith(f"{name}-"):
            return _SENTENCES[other]
    return _SENTENCES.get(tag.split("-")[0], _SENTENCES["en"])
