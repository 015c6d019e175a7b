"""Spanish patterns."""

# ruff: noqa: E501 - one pattern stays on one line: wrapped, two of them can no longer be compared by eye
from __future__ import annotations

from readerstudy.providers.refusals.language import Language, one_of, words
from readerstudy.providers.refusals.more_terms import SPANISH_TERMS

_UNABLE = (
    r"\b(?:(?:no|tampoco|nunca) (?:me |te |le |les |os |se )?(?:puedo|podemos|podré|podría|pueda|debo|debería|voy a|vamos a|quiero|deseo|soy capaz|estoy (?:\w+ )?(?:capacitad\w+|autorizad\w+|cualificad\w+|calificad\w+|diseñad\w+"
    r"|programad\w+|en condiciones|entrenad\w+|preparad\w+|facultad\w+|habilitad\w+|aquí)|tengo (?:la )?(?:capacidad|permitido|permiso|autorización|competencia|formación)|es posible para mí|está permitido|ofrezco|proporciono|realizo"
    r"|hago|doy|emito|interpreto|analizo|diagnostico|brindo|permite\w*|corresponde|es apropiado|sería apropiado|sería responsable)"
    r"|no me (?:es posible|corresponde|está permitido|permiten|siento)|prefiero (?:no|abstenerme)|me (?:niego|abstengo|veo obligad\w+ a rechazar|resulta imposible|es imposible)|debo (?:rechazar|declinar|abstenerme|negarme)|declino|rehúso"
    r"|lamento no|siento no|incapaz de|imposible para mí|tengo que (?:rechazar|declinar)|rechazo|carezco de|no haré|no daré|sin autorización para|desautorizad\w+ para)"
)
_TASK = (
    r"\b(?:interpret\w*|analiz\w*|análisis|diagn[oó]stic\w*|ayudar\w*|ayuda|opin\w*|pronunciar\w*|coment\w*|respond\w*|asesor\w*|consejo\w*|recomendaci\w+|atender|asisti\w*|cumplir|evaluaci\w+|valoraci\w+|lectura\w*"
    r"|informe\w*|juicio\w*|conclusi\w+|hacerlo|hacer eso|hacer esto|complacer\w*|clasificaci\w+|decir\w*|dictamen\w*|interpretación\w*|satisfacer|nombrar\w*|precisar\w*|comentarl\w+|darl[ao]s?)\b"
)
_WEAK = r"\b(?:evaluar\w*|valorar\w*|describir\w*|procesar\w*|leer\w*|clasificar\w*|revisar\w*|examinar\w*|identificar\w*|ver|juzgar\w*|comentar\w*|tratar|abordar)\b"
_ABOUT = r"\b(?:(?:esta|estas|este|estos|la|las|una|el|los|tu|su|dicha|tales|imágenes|de) )*(?:imagen|imágenes|fotos?|fotografías?|radiografías?|escáner\w*|estudios?|solicitud\w*|petición\w*|pregunta\w*|contenido\w*|casos?|placas? de tórax|tomografías?|resonancias?|médic\w+|esto|eso|ello)\b"

SPANISH = Language(
    code="es",
    refuses=one_of(
        (
            rf"{_UNABLE}(?:\W+\w+){{0,7}}?\W+{_TASK}",
            rf"{_UNABLE}(?:\W+\w+){{0,4}}?\W+{_WEAK}\W+(?:\w+\W+)?{_ABOUT}",
            rf"{_UNABLE}(?:\W+\w+){{0,2}}?\W*(?:{_WEAK})?\W*$",
            rf"{_TASK}[^.]*\b(?:no|ni) (?:la |lo |las |los |se )?(?:puedo|podemos|debo|voy a|haré|daré|ofreceré)\b",
            r"\b(?:fuera de|más allá de|excede\w*|supera\w*|sobrepasa\w*|escapa\w*|rebasa\w*|no (?:está|entra|forma parte|se encuentra)\b.*\b(?:dentro|en|de))\b[^.]*\b(?:mi|mis|nuestr\w+|lo que (?:puedo|me))\b",
            r"\b(?:mis|nuestras|las|mi) (?:\w+ )?(?:directrices|normas|políticas|pautas|reglas|instrucciones|programación|limitaciones|principios|lineamientos|condiciones)\b[^.]*\b(?:impiden|impide|no (?:me )?permite\w*|prohíb\w+|no me dejan|obligan a)\b",
            r"\bpor (?:\w+ )?(?:motivos|razones|políticas?) (?:de|éticas|éticos|legales)\b[^.]*\bno\b",
            r"\bno (?:l[aoe]s? |me |se |te )*(?:haré|daré|diré|ofreceré|describiré|comentaré|opinaré|clasificaré|interpretaré|responderé|diagnosticaré|entraré|valoraré)\b",
            r"\bno es (?:algo|una tarea|mi (?:función|papel|labor|tarea))\b|\bno me corresponde\b|\bsin comentarios\b",
            r"\b(?:solicitud|petición)\b[^.]*\b(?:no (?:puede|se puede|ha sido)|rechazada|denegada)\b",
            r"\b(?:no se|no) (?:ofrecen?|realizan?|proporcionan?|permiten?|dan) (?:\w+ )?(?:interpretaci\w+|diagnóstic\w+|análisis|lecturas)\b",
        )
    ),
    refuses_if_bare=one_of(
        r"\b(?:diagnóstico|grado|clasificación|interpretación|categoría|segunda|valoración)\b.*\bno (?:la |lo |las |los |se )?(?:puedo|podemos|debo|voy|daré|haré)\b|\bno (?:puedo|podemos|debo|voy a|quiero)\b.*\b(?:diagnóstico|grado|clasificar\w*|interpretación|categoría|segunda)\b"
    ),
    balks=one_of(
        r"^(?!.*\b(?:veo|ver|descartar|identific\w*|aprecio|encuentro|observo)\b)(?=.*\b(?:puedo|soy|estoy|debo|quiero|me|mi|mis|voy|tengo|prefiero|lamento|siento|doy|hago|ofrezco|conmigo|yo|mí|podemos)\b)(?=.*\b(?:no|ni|nunca|jamás|tampoco|fuera|prefiero|lamento|impid\w*|rechaz\w*|declin\w*|abst\w*|niego|negarme|imposible)\b)"
    ),
    refuses_a_part=one_of(
        rf"{_UNABLE}[^.]*\b(?:segunda|otra|otras|otro|otros|demás|resto|tercera|grado|estadio|estadificar|gravedad|clasificación|clasificar|tratamiento|pronóstico|causa)\b"
    ),
    withholds=one_of(
        r"\b(?:rechazad\w+|rechazo|declinad\w+|declino|denegad\w+|omitid\w+|retenid\w+|me (?:niego|abstengo)|sin (?:comentarios|respuesta|responder)|prefiero no|no (?:proporcionad\w+|autorizad\w+|permitid\w+|facilitad\w+|ofrecid\w+|se (?:da|ofrece|proporciona|facilita))|no (?:puedo|debo) (?:dar|decir|responder|ofrecer)\w*)\b"
    ),
    disclaims=one_of(
        (
            r"\b(?:tóme(?:lo|se|la)|considére(?:lo|se|la)|tome esto)\b|\bno como (?:un )?(?:informe|diagnóstico|dictamen)\b|\b(?:meramente|puramente) (?:informativ\w+|orientativ\w+)\b",
            r"\bno (?:soy|siendo|ser) (?:un |una )?(?:\w+ )?(?:médic\w+|radiólog\w+|profesional\w*|especialista\w*|dermatólog\w+|oftalmólog\w+|doctor\w*|sanitari\w+|expert\w+)\b",
            r"\bno (?:sustituye\w*|reemplaza\w*|constituye\w*|equivale\w*|debe (?:sustituir|reemplazar|tomarse|considerarse|usarse)|pretende\w*|puede (?:sustituir|reemplazar)|puedo (?:sustituir|reemplazar))\b",
            r"\bno es (?:un |una |ningún )?(?:\w+ )?(?:diagnóstico|consejo|informe|opinión|asesoramiento|sustituto)\b",
            r"\b(?:información general|orientativ\w+|(?:fines|carácter) (?:educativ\w+|informativ\w+|orientativ\w+)|con (?:las debidas |ciertas |toda )?(?:cautela|reservas|prudencia|precaución)|preliminar|provisional)\b",
            r"\b(?:puedo|podría) (?:equivocarme|estar equivocad\w+)\b|\bme puedo equivocar\b",
            r"\b(?:como|soy|siendo) (?:solo |sólo |solamente )?(?:una |un )?(?:ia|modelo|inteligencia artificial|asistente|sistema)\b",
            r"\bno puedo (?:asegurar|garantizar|confirmar|afirmar|ser concluyente|estar segur\w+|dar certeza)\b(?! que no)",
            r"\b(?:debe|debería|deben|tiene que|ha de|conviene que|necesita)\b[^.]*\b(?:confirm\w+|valid\w+|revis\w+|verific\w+|correlacion\w+)\b[^.]*\b(?:por|un|una|el|con) (?:\w+ )?(?:médic\w+|radiólog\w+|especialista\w*|profesional\w*|dermatólog\w+|oftalmólog\w+|patólog\w+)\b",
            r"\b(?:médic\w+|radiólog\w+|especialista|profesional|dermatólog\w+|oftalmólog\w+) (?:debe|debería|tiene que|ha de) (?:confirm\w+|valid\w+|revis\w+|verific\w+)\b",
            r"\b(?:a reserva de|salvo mejor|pendiente de|a falta de) (?:la |una )?(?:valoración|confirmación|opinión|criterio|revisión)\b",
            r"\bsin (?:acceso|conocer|disponer|contar|tener)\b[^.]*\b(?:historia|antecedentes|clínic\w+|previos|previas|contexto|paciente)\b",
            r"\bno (?:tengo|dispongo de|cuento con) (?:acceso|la historia|los antecedentes|datos|información)\b",
        )
    ),
    disclaims_if_bare=one_of(
        r"^(?=.*\b(?:diagnóstico|consejo|error\w*|equivoc\w*|ia|certeza|segur\w+|fiable|confi\w+|médic\w+)\b)(?=.*\b(?:no|solo|sólo|tenga|ten|recuerde|sin|siempre|puede|puedo)\b)"
    ),
    sends_away=one_of(
        words(
            """médico* médica médicas doctor doctora doctores radiólogo* radióloga* oftalmólogo* oftalmóloga* dermatólogo* dermatóloga* patólogo* neurólogo* cardiólogo* traumatólogo* cirujan* dentista* odontólog* especialista* profesional*
            facultativo* servicio equipo hospital* clínica consulta cita urgencias ambulatorio experto* sanitario"""
        )
    ),
    advises=one_of(
        r"\b(?:recomiend\w*|recomendamos|aconsej\w*|consult\w*|acud\w*|solicit\w*|pid\w*|pida|llev\w*|visit\w*|debe\w*|debería\w*|corresponde|mejor|valor\w*|revis\w*|interpret\w*|diríjase|dirigirse|busque|conviene|habl\w*|contact\w*|muestr\w*|deje|dejar|cuestión|asunto|evalu\w*|examin\w*|adecuado|en persona|manos|confíe|pregunt\w*|agend\w*|reserv\w*|será quien|es quien|sugiero|decidirá|dirá|dará|determinará|sabrá|merece|requiere)\b"
    ),
    teaches=one_of(
        (
            r"\b(?:en general|por lo general|generalmente|normalmente|suele|suelen|típicamente|habitualmente|a menudo|con frecuencia|frecuentemente|comúnmente)\b",
            r"\b(?:se define|consiste en|significa|se caracteriza\w*|se clasifican?|se utiliza\w*|se usa\w*|sirve para|se basa|existen (?:\w+ )?(?:tipos|grados|formas)|hay (?:\w+ )?(?:tipos|grados|formas) de|son las siglas)\b",
            r"^\W*[\w\s()-]{2,60}? (?:es|son) (?:un|una|el|la|unas|unos) (?:\w+ ){0,3}?(?:enfermedad\w*|técnica\w*|prueba\w*|infecci\w+|afecci\w+|método\w*|tipo\w*|tumor\w*|inflamaci\w+|trastorno\w*|condici\w+|examen|escala)\b",
            r"\b(?:los|las) (?:signos|síntomas|causas|características|factores) (?:de|del|son|incluyen)\b|\bpara (?:interpretar|leer|evaluar|analizar) una\b",
        )
    ),
    here=one_of(
        r"\b(?:esta imagen|esta radiografía|este caso|la imagen|aquí|derech\w+|izquierd\w+|se observa\w*|se aprecia\w*|se ve\w*|se identifica\w*|muestra|visible\w*|presenta|hay (?:un|una)|veo)\b"
    ),
    finds=one_of(
        (
            words(SPANISH_TERMS),
            words(
                """pulmon* lóbulo* derrame* neumotórax neumonía* consolidaci* opacidad* opacific* infiltrad* nódulo* masa masas cardiomegalia corazón cardíac* silueta mediastin* hilio* hiliar* costofrén* diafragma*
                costilla* *fractura* luxaci* mácula* macular* papila* retina* microaneurisma* exudado* hemorragia* drusas córnea* cristalino excavaci* retinopatía* glaucoma* catarata* melanoma* *carcinoma* tumor* metástasis
                metastás* quiste* hígado hepátic* riñón renal* bazo cerebr* ventrícul* ventricul* infarto* edema* calcific* placa* pápula* descamaci* eritema* pigmentad* pigmento asimetr* asimétric* hueso* óse* articula* artrosis
                fisura* absceso* hematoma* atelectasia* espiculad* pleural* hiperdens* hipodens* hiperintens* hipointens* anecoic* hipoecoic* hipoecogénic* diente* caries mitosis núcleos estroma glándulas epiteli* ápex ápice*
                maligni* malign* benign* lesión lesiones bordes vasos nervio óptico disco aorta aórtic* tráquea bronqui* fibrosis enfisema hernia* adenopatía* sombra velado úlcera* costr* vesícula* engrosamiento dilataci* sintétic*"""
            ),
            r"\bsin (?:alteraciones|hallazgos|evidencia|signos)\b|\bdentro de (?:la normalidad|límites normales)\b",
        )
    ),
    classifies=one_of(
        r"\b(?:compatible con|sugestiv\w+ de|sugerente de|sospechos\w+ de)\b|\b(?:radiografía|imagen|fotografía|foto|tomografía|resonancia|ecografía|estudio)(?: \w+){0,3} (?:normal|anormal|real|sintética|auténtica|falsa|generada)\b|\b(?:es|parece|clasificación)\W{1,3}(?:una imagen )?(?:real|auténtica|falsa|sintética|normal|anormal|artificial|generada)\b|\b(?:grado|estadio|tipo|categoría)\W{0,2}(?:[0-5]|i{1,3}v?|iv)\b"
    ),
    diagnoses=one_of(
        words(
            """neumonía* *melanoma* *carcinoma* cáncer* tumor* metástasis linfoma* glaucoma* catarata* retinopatía* degeneraci* queratitis tuberculosis sarcoidosis infarto* hematoma* absceso* *itis artrosis osteoporosis psoriasis
            eccema* dermatitis fibrosis enfisema embolia insuficiencia edema* atelectasia* normal* quiste* fractura* nevus nevo caries enfermedad infecci* benign* malign* sin-alteraciones"""
        )
    ),
    concludes=one_of(
        r"\b(?:probabl\w+|sugier\w+|sugestiv\w+|sugerent\w+|sospech\w+|compatible\w*|orienta\w*|apunta\w*|indica\w*|corresponde a|en relación con|impresión|diagnóstico:|más probable|consistente|concordante|típic\w+ de|parece\w*|podría tratarse|se trata)\b"
    ),
    looks=one_of(
        r"\b(?:benign\w+|malign\w+|real) o (?:benign\w+|malign\w+|sintétic\w+|falsa)\b|\b(?:(?:una|un|la|el|esta|este|unas|de)\s+){0,2}(?:radiografías?|imagen|imágenes|fotografías?|fotos?|tomografías?|resonancias?|ecografías?|escáner\w*|retinografías?|mamografías?|placa)(?: (?:médicas?|magnética|computarizada|clínicas?))?(?: (?:de|del|de la) (?:tórax|cráneo|cerebro|abdomen|piel|retina|fondo de ojo|mano|rodilla|pulmones|mama|lesión|ojo))?\b"
    ),
    lacks_image=one_of(
        (
            r"\b(?:no (?:veo|hay|he recibido|se ha adjuntado|encuentro|aparece|se adjuntó|puedo ver|recibí|has adjuntado|ha adjuntado|se ve))\b[^.]*\b(?:ninguna|una|la|ningún|el) (?:imagen|foto|fotografía|radiografía|archivo|adjunto)\b",
            r"\b(?:por favor|podrías|podría|puede|puedes)\b[^.]*\b(?:sub\w+|adjunt\w+|envi\w+|env\w+|carg\w+|compart\w+|proporcion\w+)\b[^.]*\b(?:imagen|foto|fotografía|radiografía|archivo|de nuevo|otra vez)\b",
            r"\b(?:imagen|archivo|foto)\b[^.]*\b(?:no (?:se ha|se pudo|ha|está|se)|falta)\b[^.]*\b(?:cargad\w+|cargar|adjunt\w+|subid\w+|recibid\w+|disponible|llegado|falta)\b",
        )
    ),
    asks_back=one_of(r"¿[^?]*\?\s*$|^\W*(?:qué|cuál|cómo|podría|puede|podrías)\b[^?]*\?\s*$"),
    echoes=one_of(
        r"^\W*(?:eres un|usted es un|describ[ae]|clasifi(?:ca|que)|tu tarea|tarea:|pregunta:|analiza|analice)\b"
    ),
    sets_aside=one_of(
        r"\b(?:si (?:tiene|tienes|necesita|desea|quiere|presenta|nota|experimenta)|puedo (?:explicar\w*|ofrecer\w* información general|ayudar\w* con|hablar)|con gusto|gracias|entiendo|comprendo|su salud|tu salud|sus síntomas|información general sobre)\b"
    ),
)
