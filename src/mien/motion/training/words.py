"""Common words of each language that the corpus speaks, little ones first; made-up words are built after their spelling."""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = """
    the of to and a in is it you that he was for on are with as I his they be at one have this from or had by but not what all were we
    when your can said there an which she how their if will up other about out many then them these so some her would
    a about above after again all also always and animal another answer any apple are arm around ask autumn away baby back bad ball bank
    basket bath be beach beautiful because become bed been before began behind believe below best better between big bird birthday
    black blue board boat body book both bottle box boy bread break breakfast bridge bring brother brown build bus business busy but
    buy by cabbage call camera came camp can car carry cat catch chair change cheap cheese child choose church circle city clean clear
    climb clock close cloud coffee cold color come company compare computer cook could country couple course cousin cover cow cup
    dance danger dark daughter day dear deep did different dinner do doctor dog door down dream drink drive during each ear early earth
    east easy eat egg eight empty engine enjoy enough evening every example eye face fact fall family famous far farm fast father
    favorite February feel few field fifty figure film final find finger finish fire first fish five flower fly follow food foot for
    forest forget form forward found four free fresh Friday friend from front fruit full funny future game garden gave gentle get
    girl give glass go gold good grass great green group grow guess had hair half hand happen happy hard has hat have he head hear heart
    heavy held help her here high him his history hold home hope horse hospital hot hour house how hundred husband ice idea if important
    improve in inside interest island it January job join journey joy juice July jump June just keep key kind king kitchen knew know
    lady lake lamp language large last late laugh leaf learn leave left lemon less letter library life light like line lion list listen
    little live long look love low lucky lunch machine made make man many map March market matter may maybe me mean measure meat meet
    member memory message middle might mile milk million mind minute mirror Monday money month moon more morning most mother mountain
    mouth move movie much museum music must my name near neighbor never new news next nice night nine no noise north nose not nothing
    now number of off office often oil old on once one onion only open opinion or orange order other our out over own page paint paper
    parent park part party pass past pay peace pencil people pepper perfect perhaps person picture piece place plan plane plant play
    please pocket point police possible potato power present pretty price probably problem promise proud public pull purple push put
    quarter queen question quick quiet rabbit radio rain reach read ready real reason red remember rest rice rich right ring river
    road rock room round rule run sad safe said salt same sand Saturday say school science sea season second see seem sell send
    September serious seven shape share she ship shirt shoe shop short should shoulder show side silver simple since sing sister sit six
    skin sky sleep slow small smile smooth snow so soft some son song soon sound soup south space speak special spoon spring square star
    start station stay step still stone stop store story strange street strong student study such sugar summer sun supper sure surprise
    sweet swim table take talk tall teacher team tell temper ten than thank that the their them then there these they thick thin thing
    think third thirsty this those though thought three through Thursday time to today together tomorrow tongue too tooth top touch
    towards town toy train travel tree trouble true try Tuesday turn twelve two umbrella uncle under understand until up us use usual
    valley value vegetable very video view village visit voice wait walk wall want warm was wash watch water way we wear weather
    wednesday week weight welcome well went were west what wheel when where which while white who why wide wife will wind window winter
    wish with woman wonder wood word work world worry would write wrong yard year yellow yes yesterday yet you young your zero zoo
"""

_MANDARIN = """
    我们 你们 他们 什么 怎么 为什么 今天 明天 昨天 现在 时候 时间 早上 晚上 下午 中午 星期 朋友 老师 学生 学校 医生 医院 公司 工作 先生 小姐 爸爸 妈妈 哥哥
    姐姐 弟弟 妹妹 孩子 儿子 女儿 家人 房子 房间 厨房 门口 窗户 桌子 椅子 衣服 裤子 帽子 杯子 面包 米饭 面条 苹果 香蕉 葡萄 西瓜 牛奶 咖啡 茶叶 水果 蔬菜
    鸡蛋 猪肉 牛肉 羊肉 喝水 吃饭 睡觉 起床 跑步 走路 游泳 唱歌 跳舞 看书 写字 说话 听见 看见 觉得 知道 认识 喜欢 希望 可能 可以 应该 必须 帮助 准备 开始
    结束 学习 复习 考试 问题 回答 练习 比较 非常 特别 一起 已经 还是 或者 但是 因为 所以 如果 虽然 然后 最后 北京 上海 广州 中国 美国 法国 英国 德国 日本
    飞机 火车 汽车 地铁 出租车 自行车 马路 公园 商店 超市 银行 邮局 饭店 宾馆 机场 车站 电脑 手机 电视 电影 音乐 报纸 新闻 故事 历史 文化 经济 社会 政府
    发展 变化 环境 天气 下雨 下雪 刮风 太阳 月亮 星星 天空 大海 河流 高山 森林 花园 红色 白色 黑色 蓝色 绿色 黄色 高兴 难过 生气 害怕 漂亮 聪明 热情 安静
    便宜 贵 快 慢 大 小 多 少 好 不 没有 很 都 也 就 才 又 再 和 跟 把 被 让 给 在 从 到 对 的 了 着 过 吗 吧 呢
"""

_GERMAN = """
    der die das und ich du er sie wir ihr nicht ein eine mit auf für von haben sein werden können müssen sagen machen geben kommen
    gehen wissen sehen lassen stehen finden bleiben liegen heißen denken nehmen glauben sprechen bringen leben fahren meinen fragen
    kennen spielen arbeiten brauchen folgen lernen verstehen setzen bekommen beginnen erzählen versuchen schreiben laufen erklären
    Mensch Zeit Jahr Tag Haus Frau Mann Kind Stadt Land Wasser Brot Apfel Buch Schule Straße Freund Mutter Vater Bruder Schwester Hand
    Kopf Auge Mund Wort Name Woche Monat Stunde Zimmer Küche Fenster Tür Baum Blume Vogel Hund Katze Pferd Fisch Käse Milch Kaffee
    Bahnhof Flughafen Universität Wissenschaft Gesellschaft schön gut groß klein alt neu jung früh spät schnell langsam warm kalt böse
    fröhlich müde glücklich wichtig möglich öffentlich natürlich vielleicht zwischen über unter gegenüber heute morgen gestern immer
"""

_SPANISH = """
    el la los las un una y o pero porque cuando donde como que quien yo tú él ella nosotros ser estar tener hacer poder decir ir ver
    dar saber querer llegar pasar deber poner parecer quedar creer hablar llevar dejar seguir encontrar llamar venir pensar salir volver
    tomar conocer vivir sentir tratar mirar contar empezar esperar buscar existir entrar trabajar escribir perder producir ocurrir
    entender pedir recibir recordar terminar permitir aparecer conseguir comenzar servir sacar necesitar mantener leer caer cambiar
    casa perro gato mesa silla puerta ventana calle ciudad país mundo vida hombre mujer niño niña madre padre hermano amigo mano cabeza
    ojo boca agua pan leche queso manzana naranja coche tren avión libro escuela trabajo tiempo día noche semana mes año número grande
    pequeño bueno malo nuevo viejo joven rápido lento bonito feliz triste blanco negro rojo verde azul amarillo siempre nunca también
"""

_ITALIAN = """
    il lo la i gli le un una e o ma perché quando dove come che chi io tu lui lei noi voi loro essere avere fare dire potere volere sapere
    stare dovere vedere andare venire dare parlare trovare sentire lasciare prendere guardare mettere pensare passare credere portare
    tornare chiamare capire rimanere chiedere aspettare uscire perdere seguire cominciare ricordare leggere scrivere giocare mangiare
    bere dormire casa cane gatto tavola sedia porta finestra strada città paese mondo vita uomo donna bambino madre padre fratello
    sorella amico mano testa occhio bocca acqua pane latte formaggio mela arancia macchina treno aereo libro scuola lavoro tempo giorno
    notte settimana mese anno numero grande piccolo buono cattivo nuovo vecchio giovane veloce lento bello felice triste bianco nero
    rosso verde azzurro giallo sempre mai anche oggi domani ieri cioccolato famiglia bottiglia ghiaccio maggio giugno sciarpa pesce
"""

_FRENCH = """
    le la les un une des et ou mais parce que quand où comment qui quoi je tu il elle nous vous ils être avoir faire dire pouvoir aller
    voir savoir vouloir venir devoir prendre trouver donner falloir parler mettre passer regarder aimer croire demander rester répondre
    entendre penser arriver connaître devenir sentir sembler tenir comprendre rendre attendre sortir vivre entrer porter chercher
    revenir appeler mourir partir jeter suivre écrire montrer tomber ouvrir maison chien chat table chaise porte fenêtre rue ville pays
    monde vie homme femme enfant mère père frère sœur ami main tête œil bouche eau pain lait fromage pomme voiture train avion livre
    école travail temps jour nuit semaine mois année nombre grand petit bon mauvais nouveau vieux jeune rapide lent beau heureux triste
    blanc noir rouge vert bleu jaune toujours jamais aussi aujourd'hui demain hier peut-être montagne feuille champignon pluie lumière
"""

_PORTUGUESE = """
    o a os as um uma e ou mas porque quando onde como que quem eu você ele ela nós ser estar ter fazer poder dizer ir ver dar saber
    querer chegar passar dever ficar parecer falar deixar encontrar levar começar partir pensar sair voltar tomar conhecer viver sentir
    criar olhar contar esperar buscar entrar trabalhar escrever perder produzir entender pedir receber lembrar terminar permitir
    casa cachorro gato mesa cadeira porta janela rua cidade país mundo vida homem mulher menino menina mãe pai irmão amigo mão cabeça
    olho boca água pão leite queijo maçã laranja carro trem avião livro escola trabalho tempo dia noite semana mês ano número grande
    pequeno bom mau novo velho jovem rápido lento bonito feliz triste branco preto vermelho verde azul amarelo sempre nunca também
    hoje amanhã ontem coração montanha chuva filho família amanhecer estação televisão informação possível
"""

_RUSSIAN = """
    я ты он она мы вы они это что как где когда почему потому и или но не да нет быть мочь сказать говорить знать стать есть хотеть
    видеть идти стоять думать спросить жить делать понять смотреть дать работать писать читать любить помнить ждать слушать играть
    человек время год день дело жизнь рука раз глаз друг дом слово место лицо дверь ночь вода земля голова город дорога мать отец
    брат сестра сын дочь хлеб молоко мясо рыба яблоко чай кофе стол стул окно улица поезд самолёт машина книга школа работа неделя месяц
    большой маленький хороший плохой новый старый молодой быстрый медленный красивый счастливый белый чёрный красный зелёный синий
    жёлтый всегда никогда тоже сегодня завтра вчера можно нужно конечно пожалуйста спасибо здравствуйте бабушка дедушка ребёнок
    вопрос ответ музыка правительство общество возможность пространство щука цветок
"""

_POLISH = """
    ja ty on ona my wy oni to co jak gdzie kiedy dlaczego ponieważ i lub ale nie tak być mieć móc musieć chcieć wiedzieć powiedzieć robić
    iść widzieć dać mówić myśleć znać pytać żyć pracować pisać czytać kochać pamiętać czekać słuchać grać człowiek czas rok dzień życie
    ręka oko przyjaciel dom słowo miejsce twarz drzwi noc woda ziemia głowa miasto droga matka ojciec brat siostra syn córka chleb
    mleko mięso ryba jabłko herbata kawa stół krzesło okno ulica pociąg samolot książka szkoła praca tydzień miesiąc duży mały dobry zły
    nowy stary młody szybki wolny piękny szczęśliwy biały czarny czerwony zielony niebieski żółty zawsze nigdy także dzisiaj jutro
    wczoraj proszę dziękuję przepraszam wszystko pieniądze zwierzę pszczoła chmura śnieg deszcz źródło gwiazda
"""

_TURKISH = """
    ben sen o biz siz onlar bu şu ne nasıl nerede neden çünkü ve veya ama evet hayır var yok olmak etmek yapmak demek gelmek gitmek görmek
    bilmek vermek almak istemek bulmak çıkmak kalmak başlamak konuşmak düşünmek yaşamak çalışmak yazmak okumak sevmek beklemek dinlemek
    oynamak insan zaman yıl gün hayat el göz arkadaş ev kelime yer yüz kapı gece su toprak baş şehir yol anne baba kardeş oğul kız ekmek
    süt et balık elma çay kahve masa sandalye pencere sokak tren uçak araba kitap okul iş hafta ay büyük küçük iyi kötü yeni eski genç
    hızlı yavaş güzel mutlu üzgün beyaz siyah kırmızı yeşil mavi sarı her hiç bugün yarın dün belki lütfen teşekkür merhaba çocuk
    öğretmen öğrenci yağmur kar güneş deniz dağ çiçek ağaç köpek kedi kuş müzik haber dünya
"""

_INDONESIAN = """
    saya kamu dia kita kami mereka ini itu apa bagaimana di mana kapan mengapa karena dan atau tetapi ya tidak ada menjadi melakukan berkata
    datang pergi melihat tahu memberi mengambil mau menemukan keluar tinggal mulai berbicara berpikir hidup bekerja menulis membaca
    mencintai menunggu mendengar bermain orang waktu tahun hari tangan mata teman rumah kata tempat wajah pintu malam air tanah kepala
    kota jalan ibu ayah saudara anak roti susu daging ikan apel teh kopi meja kursi jendela kereta pesawat mobil buku sekolah pekerjaan
    minggu bulan besar kecil baik buruk baru lama muda cepat lambat cantik senang sedih putih hitam merah hijau biru kuning selalu
    besok kemarin mungkin terima kasih selamat pagi siang hujan matahari laut gunung bunga pohon anjing kucing burung musik berita dunia
"""

_JAPANESE = """
    わたし あなた かれ かのじょ これ それ あれ なに どこ いつ どうして だから そして でも はい いいえ ある いる する いう くる いく みる しる あたえる とる
    ほしい みつける でる のこる はじめる はなす かんがえる いきる はたらく かく よむ あいする まつ きく あそぶ ひと じかん とし ひ せいかつ て め ともだち
    いえ ことば ばしょ かお とびら よる みず つち あたま まち みち はは ちち きょうだい むすこ むすめ ぱん ぎゅうにゅう にく さかな りんご おちゃ こーひー
    つくえ いす まど でんしゃ ひこうき くるま ほん がっこう しごと しゅうかん つき おおきい ちいさい よい わるい あたらしい ふるい わかい はやい おそい
    うつくしい しあわせ かなしい しろい くろい あかい みどり あおい きいろい いつも きょう あした きのう たぶん ありがとう こんにちは おはよう あめ ゆき
    たいよう うみ やま はな き いぬ ねこ とり おんがく にゅーす せかい びょういん ぎんこう しんぶん でんわ ぺん ぷれぜんと ふじさん ぼうし
"""

_DUTCH = """
    ik jij hij zij wij het de een en of maar omdat wanneer waar hoe wat wie zijn hebben doen zeggen gaan zien weten geven komen nemen willen
    vinden blijven beginnen spreken denken leven werken schrijven lezen houden wachten luisteren spelen mens tijd jaar dag hand oog vriend
    huis woord plaats gezicht deur nacht water aarde hoofd stad weg moeder vader broer zus zoon dochter brood melk vlees vis appel thee
    koffie tafel stoel raam straat trein vliegtuig auto boek school week maand groot klein goed slecht nieuw oud jong snel langzaam mooi
    gelukkig wit zwart rood groen blauw geel altijd nooit ook vandaag morgen gisteren misschien regen sneeuw zon zee berg bloem boom
    hond kat vogel muziek nieuws wereld schrijver gezellig uitgang sleutel
"""

_SWEDISH = """
    jag du han hon vi ni de det och eller men därför när var hur vad vem vara ha göra säga gå se veta ge komma ta vilja finna stanna börja tala
    tänka leva arbeta skriva läsa älska vänta lyssna spela människa tid år dag hand öga vän hus ord plats ansikte dörr natt vatten jord
    huvud stad väg mor far bror syster son dotter bröd mjölk kött fisk äpple te kaffe bord stol fönster gata tåg flygplan bil bok skola
    vecka månad stor liten god dålig ny gammal ung snabb långsam vacker lycklig vit svart röd grön blå gul alltid aldrig också idag
    imorgon igår kanske regn snö sol hav berg blomma träd hund katt fågel musik nyheter värld sjuk kärlek tjugo köpa
"""

_HINDI = """
    मैं तुम वह हम आप यह क्या कैसे कहाँ कब क्यों और या लेकिन हाँ नहीं होना करना कहना आना जाना देखना जानना देना लेना चाहना पाना रहना बोलना
    सोचना जीना लिखना पढ़ना सुनना खेलना आदमी समय साल दिन हाथ आँख दोस्त घर शब्द जगह चेहरा दरवाज़ा रात पानी ज़मीन सिर शहर रास्ता माँ पिता
    भाई बहन बेटा बेटी रोटी दूध मछली सेब चाय मेज़ कुर्सी खिड़की गाड़ी किताब स्कूल काम हफ़्ता महीना बड़ा छोटा अच्छा बुरा नया पुराना तेज़
    धीरे सुंदर खुश सफ़ेद काला लाल हरा नीला पीला हमेशा कभी आज कल शायद धन्यवाद नमस्ते बारिश सूरज समुद्र पहाड़ फूल पेड़ कुत्ता बिल्ली
"""

_KOREAN = """
    나 너 우리 그들 이것 저것 무엇 어떻게 어디 언제 왜 그리고 하지만 네 아니요 있다 하다 말하다 가다 오다 보다 알다 주다 받다 원하다 찾다 살다 일하다 쓰다
    읽다 사랑하다 기다리다 듣다 놀다 사람 시간 하루 생활 손 눈 친구 집 단어 얼굴 문 밤 물 땅 머리 도시 길 어머니 아버지 형제 아들 딸 빵 우유 고기 생선
    사과 커피 책상 의자 창문 기차 비행기 자동차 책 학교 주말 크다 작다 좋다 나쁘다 새롭다 빠르다 예쁘다 행복 슬픔 하얀 검은 빨간 파란 항상 오늘 내일 어제
"""

_VIETNAMESE = """
    tôi bạn anh chị em chúng ta họ này kia gì nào đâu khi vì sao và hoặc nhưng có không là làm nói đi đến thấy biết cho lấy muốn tìm ở bắt đầu
    nghĩ sống viết đọc yêu chờ nghe chơi người thời gian năm ngày tay mắt nhà từ mặt cửa đêm nước đất thành phố đường mẹ cha con bánh mì
    sữa thịt cá táo trà cà phê bàn ghế cửa sổ tàu máy bay xe sách trường công việc tuần tháng lớn nhỏ tốt xấu mới cũ trẻ nhanh chậm đẹp vui
"""

_ARABIC = """
    أنا أنت هو هي نحن هم هذا ماذا كيف أين متى لماذا و أو لكن نعم لا كان فعل قال ذهب جاء رأى عرف أعطى أخذ أراد وجد بقي بدأ تكلم فكر عاش عمل كتب قرأ
    أحب انتظر سمع لعب رجل وقت سنة يوم يد عين صديق بيت كلمة مكان وجه باب ليل ماء أرض رأس مدينة طريق أم أب أخ أخت ابن بنت خبز حليب لحم سمك تفاح
    شاي قهوة كرسي نافذة قطار طائرة سيارة كتاب مدرسة أسبوع شهر كبير صغير جيد جديد قديم سريع بطيء جميل سعيد أبيض أسود أحمر أخضر أزرق دائما اليوم غدا
"""

WORDS: Mapping[str, tuple[str, ...]] = {
    language: tuple(text.split())
    for language, text in {
        "en-us": _ENGLISH,
        "en-gb": _ENGLISH,
        "cmn": _MANDARIN,
        "de": _GERMAN,
        "es": _SPANISH,
        "it": _ITALIAN,
        "fr": _FRENCH,
        "pt": _PORTUGUESE,
        "pt-br": _PORTUGUESE,
        "ru": _RUSSIAN,
        "pl": _POLISH,
        "tr": _TURKISH,
        "id": _INDONESIAN,
        "ja": _JAPANESE,
        "nl": _DUTCH,
        "sv": _SWEDISH,
        "hi": _HINDI,
        "ko": _KOREAN,
        "vi": _VIETNAMESE,
        "ar": _ARABIC,
    }.items()
}
"""By espeak-ng's name of the language."""
