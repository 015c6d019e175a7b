"""Finding terms of the other languages by domain, in one order: chest, eye, skin, head, belly, bone, cells, teeth, heart trace.

Each language's own table holds its commonest words; these make the domains as wide as in English.
"""

# ruff: noqa: E501 - one domain stays on one line, so that the languages can be compared
from __future__ import annotations

GERMAN_TERMS = """kerley* bronch* lunge* pneumoperitone* luftsichel* kaverne*
    gefäßbog* glaskörper* exsudat* makulaödem* katarakt* optikus*
    ringelflechte ringwurm schleier asymmetri* teleangiektasi* perlrand* basaliom* ekzem* psoriasis* kruste* quaddel* melanom*
    *anreicherung* mittellinie* *verlagerung* subdural* epidural* *mark* diffusionsstörung* hydrozephalus
    appendix appendizitis gallenblase* *stein *steine *steinen konkrement* *lithiasis hydronephros* darm* ileus magen* pankrea* prostata* uterus* endometri* *perforation* aszites *filiae myom*
    tibia* fibula* femur* humerus* radius* ulna* kahnbein* wirbel* abkippung* einstauchung* osteophyt* gelenkspalt*
    zytoplasma* nekros* dysplas* differenziert* mitos* kerne kernen drüse* atypi* siegelring* adenom*
    *aufhellung* parodonti* pulpa* apikal* kariös* wurzel* kiefer* zahnstein
    sinusrhythmus vorhofflimmern vorhofflattern *schenkelblock* av-block *tachykardie* *bradykardie* extrasystol* st-hebung* st-senkung* *hebung* p-welle* qrs"""
SPANISH_TERMS = """língula broncograma* kerley neumoperitoneo cavitaci* cavitad* tuberculosis
    arcada* drusas neovas* exudad* vítreo pterigión
    tiña tiñas costra* hiperqueratós* queratoacantoma crateriforme telangiectas* perlad* nevus nevo ampolla* dermatofit* psoriasis escamos* descamativ* melanoma*
    epidural* subdural* realce desplazamiento isquemi* hidrocefalia
    apéndice apendic* vesícula vesicular* litiasis cálculo* hidronefros* colon intestin* páncreas pancre* próstata* útero endometri* mioma* perforad* perforación íleo ascitis compresible
    escafoides fémur* femoral* tibia* peroné* cúbito* vértebra* vertebral* colles acuñamiento osteofito*
    displasia* adenoma* necrosis atipia* núcleo* citoplasma* glándula* glandular*
    radiolucidez radiolúcid* periapical* pulpa* molar* granuloma* periodont* caries
    sinusal fibrilación flutter taquicardia* bradicardia* bloqueo extrasístole* qrs"""
FRENCH_TERMS = """alvéol* kerley pneumopéritoine cavern* excavé* tubercul* embolie* pneumopathie*
    arcade* papill* excavat* séreux confluent* vitré dmla
    dermatophyt* teigne psoriasis squameu* squame* hyperkératos* télangiectas* perlé* naevus bulle* liseré
    sous-dural* extradural* extra-dural* engagement rehaussement contraste annulaire* hydrocéphalie ischémi*
    appendic* vésicul* lithias* calcul* hydronéphros* côlon colique intestin* pancréa* prostat* utér* endomètre fibrome* perforation iléus ascite
    scaphoïde fémur* fémoral* tibia* péroné* cubitus vertèbr* vertébra* tassement bascule déplacé* ostéophyt*
    mitos* dysplasi* adénom* gland* nécros* atypi* cytoplasm*
    apical* périapical* pulpe* pulpaire* molaire* granulome* parodont* carieu* caries
    sinusal fibrillation flutter tachycardi* bradycardi* bloc extrasystol* qrs sus-décalage sous-décalage"""
ARABIC_TERMS = r"""تصوير.قصبي تجويف صمة صمات \bسل\b بالسل السل\b
    براريق القوس.السفلي القوس.العلوي نزوف الجسم.الزجاجي تنكس
    صدفية سعفة حزاز حويصل توسع.الشعيرات لؤلؤية متقشرة عدم.التناظر تعدد.الألوان
    تعزيز فوق.الجافية تحت.الجافية الخط.المتوسط استسقاء.الدماغ
    الزائدة.الدودية المرارة حصيات حصاة حصوة القولون الأمعاء البنكرياس البروستات بطانة.الرحم ليفي كيسة انثقاب
    الكعبرة الظنبوب الشظية الزورقي العضد انزياح فقري
    انقسامات تنسج غدي ظهاري تنخر لانمطية
    الذروة لب.السن الضرس شفافية
    جيبي رجفان رفرفة حصار.غصن حصار.الغصن تسرع.القلب بطء.القلب قطعة.ST"""
CHINESE_TERMS = """支气管充气征 肺结核 结核 充盈缺损 游离气体
    血管弓 玻璃体 眼压 视神经
    癣 疹 痂 水疱 毛细血管扩张 珍珠样 鳞状 蓝白
    硬膜 中线 强化 脑积水 缺血
    阑尾 胆囊 结石 胆管 肾积水 肠 胰腺 前列腺 子宫 内膜 肌瘤 穿孔 腹水
    桡骨 舟骨 胫骨 腓骨 股骨 尺骨 肱骨 移位 椎体 骨赘
    异型 腺瘤 核深染 坏死 印戒
    根尖 牙髓 磨牙 透射影 牙周
    窦性 颤动 房颤 房扑 传导阻滞 束支 早搏 ST段 心动过速 心动过缓"""
