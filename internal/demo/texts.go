package demo

// language is what people say in one language. Turns alternate, the contact
// first; {order}, {product}, {agent} and {name} are filled in.
type language struct {
	locale    string
	direction string // ltr or rtl
	greeting  string // shown by the chat client before the first message
	scenarios []scenario
	followUps [][2]string // a contact's line and its answer
	notes     []string    // what agents tell each other
	names     [][2]string // first and last names
}

type scenario struct {
	subject string
	turns   []string
}

// languages are the demo's, the first one the most frequent.
var languages = []language{english, spanish, portuguese, german, french, hebrew, arabic, japanese}

var english = language{
	locale: "en_US", direction: "ltr",
	greeting: "Hi! You are talking to Harbor Outfitters. How can we help? 👋",
	names: [][2]string{
		{"Amelia", "Stone"},
		{"Noah", "Barrett"},
		{"Priya", "Raman"},
		{"Oliver", "Hughes"},
		{"Grace", "Okafor"},
		{"Liam", "Doyle"},
		{"Chloe", "Whitfield"},
		{"Ethan", "Park"},
		{"Isla", "Mackay"},
		{"Jonah", "Feldman"},
		{"Maya", "Lindqvist"},
		{"Theo", "Castellan"},
	},
	scenarios: []scenario{
		{"Where is my order?", []string{
			"Hi, order {order} was due yesterday and the tracking page has not moved since Tuesday. Where is it?",
			"Hello {name}, I am {agent}. Let me look at the scan history of {order}.",
			"Thanks. It is a birthday present, so I am a little nervous 😅",
			"<p>It left the regional depot this morning and is on the van. You should have it <strong>before 18:00 today</strong>.</p>",
			"Oh that is a relief. Will someone ring first?",
			"Yes, the driver has your number and calls about ten minutes ahead.",
			"Perfect, thank you!",
			"You are welcome. Tell them happy birthday from us 🎂",
		}},
		{"Wrong size", []string{
			"The {product} I got is a size too small. Can I swap it without paying the postage twice?",
			"Of course. Exchanges are free within 45 days. Which size would you like instead?",
			"One up, please. Do I have to send the old one first?",
			"No. We ship the new one today; the label for the old one is in your inbox.",
			"That was easy. Thanks {agent}.",
		}},
		{"Charged twice", []string{
			"My card shows two charges for order {order}. I only bought one thing!",
			"I am sorry about the fright, {name}. One of the two is a reservation that was never taken.",
			"When will it go away?",
			"Banks drop it within three working days. If it is still there on Friday, write here and I will call them with you.",
			"OK. Could you send me something in writing?",
			"<p>Done: a confirmation with both reference numbers is on its way to your e-mail.</p><ul><li>taken: 1</li><li>released: 1</li></ul>",
		}},
		{"Is it waterproof?", []string{
			"Quick question about the {product}: is it really waterproof or only splash proof?",
			"It is seam sealed and rated for 10,000 mm, so a full day of rain is fine. Swimming is not 😄",
			"Ha, good to know. And is the green one coming back?",
			"In about two weeks. Shall I put you on the list?",
			"Yes please!",
		}},
		{"Change delivery address", []string{
			"I moved last week and forgot to change my address before ordering. Order {order}. Is it too late?",
			"Not at all, it has not been packed yet. What is the new address?",
			"14 Quayside Lane, second floor. The bell says Stone/Patel.",
			"Changed and noted for the courier. The delivery day stays the same.",
			"You are a star ⭐",
		}},
	},
	followUps: [][2]string{
		{"Are you still there?", "Yes, sorry for the wait. I was checking with the warehouse."},
		{"Could you say that once more? I was on the train.", "Sure: everything is confirmed and you need to do nothing."},
		{"Is there a number I can ring as well?", "There is: the line is open from 9 to 17 on weekdays."},
		{"And can I add a second {product} to it?", "You can. I have added it and the postage stays the same."},
		{"Do I get an e-mail about this?", "It should be in your inbox within five minutes."},
		{"Great, I will wait for it then.", "Write here any time if something looks odd."},
		{"One more thing: can I pay with a gift card?", "Yes, at the last step there is a field for the code."},
		{"👍", "Have a good day, {name}!"},
	},
	notes: []string{
		"Customer is in a hurry, please answer before anything else.",
		"Warehouse confirms: stock in bay 14, can leave today.",
		"Second complaint about this courier this week. Escalated to logistics.",
	},
}

var spanish = language{
	locale: "es_ES", direction: "ltr",
	greeting: "¡Hola! Estás hablando con Harbor Outfitters. ¿En qué podemos ayudarte?",
	names: [][2]string{
		{"Lucía", "Ferrer"}, {"Mateo", "Ibáñez"}, {"Carmen", "Ortuño"}, {"Diego", "Salvatierra"}, {"Inés", "Quiroga"}, {"Álvaro", "Peña"},
	},
	scenarios: []scenario{
		{"Pedido retrasado", []string{
			"Buenas, el pedido {order} tenía que llegar el lunes y todavía nada.",
			"Hola {name}, soy {agent}. Dame un minuto y lo compruebo con el transportista.",
			"Vale, gracias.",
			"Está en la oficina de tu barrio: hubo un intento de entrega ayer a las 12:40. ¿Lo dejamos para mañana por la tarde?",
			"Sí, a partir de las cinco estoy en casa.",
			"Hecho. Te llegará un mensaje media hora antes.",
		}},
		{"Factura a nombre de empresa", []string{
			"¿Podéis hacerme la factura del pedido {order} a nombre de mi empresa?",
			"Claro. Necesito el NIF y la dirección fiscal.",
			"Te los acabo de mandar por correo.",
			"Recibido. La factura nueva sustituye a la anterior y ya la tienes en tu cuenta.",
			"¡Qué rapidez! Mil gracias.",
		}},
	},
	followUps: [][2]string{
		{"¿Sigues ahí?", "Sí, perdona la espera."},
		{"¿Y si no estoy en casa?", "Lo dejamos en el punto de recogida más cercano."},
		{"¿Puedo cambiarlo por otro color?", "Por supuesto, el cambio es gratuito."},
		{"Perfecto, muchas gracias 😊", "¡A ti! Que tengas un buen día."},
	},
	notes: []string{"El cliente prefiere que le escriban, no que le llamen."},
}

var portuguese = language{
	locale: "pt_BR", direction: "ltr",
	greeting: "Olá! Você está falando com a Harbor Outfitters. Como podemos ajudar?",
	names: [][2]string{
		{"Beatriz", "Antunes"}, {"Rafael", "Moura"}, {"Juliana", "Siqueira"}, {"Caio", "Nogueira"}, {"Larissa", "Prado"}, {"Thiago", "Bezerra"},
	},
	scenarios: []scenario{
		{"Troca de produto", []string{
			"Oi! Comprei o {product} mas veio na cor errada. Como faço a troca?",
			"Oi {name}, aqui é o {agent}. Sinto muito! Pode me mandar uma foto da etiqueta?",
			"Mandei agora.",
			"Obrigado! Já separei a cor certa. A coleta do outro passa amanhã de manhã.",
			"Nossa, que rápido. Valeu! 🙏",
		}},
		{"Boleto vencido", []string{
			"Meu boleto do pedido {order} venceu ontem. Perdi o pedido?",
			"Não perdeu. Segurei por mais 24 horas e gerei outro boleto com o mesmo valor.",
			"Prefiro pagar com Pix, dá?",
			"Dá sim: o código está no seu e-mail e vale por uma hora.",
			"Pago! Muito obrigada.",
		}},
	},
	followUps: [][2]string{
		{"Oi, alguém aí?", "Estou aqui, desculpe a demora."},
		{"E o frete, muda?", "Não muda nada, fica por nossa conta."},
		{"Pode me mandar por WhatsApp?", "Posso, é o mesmo número do cadastro?"},
		{"Show, brigado!", "Nós que agradecemos 😊"},
	},
	notes: []string{"Cliente recorrente, oferecer frete grátis na próxima."},
}

var german = language{
	locale: "de_DE", direction: "ltr",
	greeting: "Hallo! Hier ist Harbor Outfitters. Wie können wir helfen?",
	names: [][2]string{
		{"Johanna", "Brückner"}, {"Felix", "Großmann"}, {"Annika", "Thoma"}, {"Jürgen", "Weiß"}, {"Mareike", "Sommer"},
	},
	scenarios: []scenario{
		{"Rücksendung", []string{
			"Guten Tag, ich möchte Bestellung {order} zurückschicken. Im Paket lag kein Rücksendeetikett.",
			"Guten Tag {name}, das Etikett ist jetzt in Ihrem Postfach. Sie können es auch im Laden zeigen.",
			"Ich habe keinen Drucker. Geht das auch mit dem Handy?",
			"<p>Ja: der Code in der E-Mail genügt, <em>ausgedruckt wird am Schalter</em>.</p>",
			"Wunderbar, danke für die schnelle Hilfe!",
		}},
		{"Gutschein funktioniert nicht", []string{
			"Mein Gutschein wird nicht angenommen. Da steht »ungültig«.",
			"Er gilt erst ab 50 € Warenwert. Im Korb sind 48,90 €.",
			"Ach so, das steht da aber nirgends …",
			"Da haben Sie recht. Ich habe ihn für Sie freigeschaltet, bitte noch einmal versuchen.",
			"Hat geklappt. Danke!",
		}},
	},
	followUps: [][2]string{
		{"Sind Sie noch da?", "Ja, ich habe gerade im Lager nachgefragt."},
		{"Wie lange dauert die Erstattung?", "Drei bis fünf Werktage nach Eingang."},
		{"Gibt es das {product} auch in Blau?", "Ab nächster Woche wieder, soll ich Ihnen Bescheid geben?"},
	},
	notes: []string{"Kundin wünscht eine Rechnung mit ausgewiesener Umsatzsteuer."},
}

var french = language{
	locale: "fr_FR", direction: "ltr",
	greeting: "Bonjour ! Vous êtes chez Harbor Outfitters. Que pouvons-nous faire pour vous ?",
	names: [][2]string{
		{"Élodie", "Marchand"}, {"Baptiste", "Lenoir"}, {"Zoé", "Fabre"}, {"Loïc", "Kervella"}, {"Anaïs", "Besson"},
	},
	scenarios: []scenario{
		{"Colis abîmé", []string{
			"Bonjour, le colis de la commande {order} est arrivé ouvert et le {product} est rayé.",
			"Bonjour {name}, je suis désolé. Pouvez-vous m'envoyer une photo du carton et de l'article ?",
			"Voilà, j'en ai mis deux.",
			"Merci. Je vous en renvoie un neuf dès aujourd'hui ; gardez l'autre ou donnez-le.",
			"C'est très gentil, merci beaucoup !",
		}},
		{"Annuler une commande", []string{
			"Est-ce que je peux encore annuler la commande {order} ?",
			"Oui, elle n'est pas partie. C'est annulé, le remboursement prend deux jours.",
			"Parfait, merci.",
		}},
	},
	followUps: [][2]string{
		{"Vous êtes toujours là ?", "Oui, pardon pour l'attente."},
		{"Et si je veux la récupérer en boutique ?", "C'est possible à partir de jeudi, gratuitement."},
		{"Super 👌", "Bonne journée à vous !"},
	},
	notes: []string{"Deuxième colis abîmé avec ce transporteur, voir avec la logistique."},
}

var hebrew = language{
	locale: "he_IL", direction: "rtl",
	greeting: "שלום! הגעתם להרבור אאוטפיטרס. איך אפשר לעזור?",
	names:    [][2]string{{"נועה", "ברק"}, {"איתי", "שגב"}, {"תמר", "אלון"}, {"יונתן", "הרפז"}},
	scenarios: []scenario{
		{"מתי תגיע ההזמנה?", []string{
			"היי, הזמנתי לפני שבוע (הזמנה {order}) ועוד לא קיבלתי כלום.",
			"שלום {name}, כאן {agent}. אני בודק עכשיו מול חברת המשלוחים.",
			"תודה, זה די דחוף לי.",
			"<p dir=\"rtl\">המשלוח יצא הבוקר ויגיע <b>היום עד 17:00</b>.</p>",
			"מעולה, תודה רבה! 🙏",
		}},
		{"החלפת מידה", []string{
			"המידה של ה-{product} קטנה עליי. אפשר להחליף?",
			"בוודאי, ההחלפה ללא עלות. איזו מידה לשלוח?",
			"מידה אחת יותר גדולה.",
			"נשלח אליך היום, שליח יאסוף את הישן.",
		}},
	},
	followUps: [][2]string{
		{"יש מישהו?", "כן, סליחה על ההמתנה."},
		{"אפשר לאסוף מהחנות?", "אפשר, החל ממחר בבוקר."},
	},
	notes: []string{"הלקוחה מבקשת שלא יתקשרו אחרי שמונה בערב."},
}

var arabic = language{
	locale: "ar_SA", direction: "rtl",
	greeting: "مرحبًا! أنت تتحدث مع هاربر أوتفترز. كيف يمكننا مساعدتك؟",
	names:    [][2]string{{"ليلى", "حداد"}, {"عمر", "الزين"}, {"سارة", "منصور"}, {"خالد", "العتيبي"}},
	scenarios: []scenario{
		{"تأخر الطلب", []string{
			"السلام عليكم، الطلب رقم {order} لم يصل حتى الآن.",
			"وعليكم السلام {name}، معك {agent}. سأتحقق من شركة الشحن حالًا.",
			"شكرًا لك.",
			"الشحنة في مدينتك وسيتم التسليم غدًا قبل الظهر.",
			"ممتاز، بارك الله فيك 🌷",
		}},
	},
	followUps: [][2]string{
		{"هل يمكن تغيير العنوان؟", "نعم، أرسل لي العنوان الجديد من فضلك."},
		{"هل الدفع عند الاستلام متاح؟", "متاح لجميع المدن."},
	},
	notes: []string{"العميل يفضل التواصل عبر واتساب."},
}

var japanese = language{
	locale: "ja_JP", direction: "ltr",
	greeting: "こんにちは。Harbor Outfitters です。ご用件をお聞かせください。",
	names:    [][2]string{{"美咲", "小林"}, {"蓮", "藤田"}, {"陽菜", "石井"}},
	scenarios: []scenario{
		{"返品について", []string{
			"注文 {order} の {product} を返品したいのですが、可能でしょうか。",
			"{name} 様、{agent} と申します。未使用でしたら 45 日以内は無料で承ります。",
			"未使用です。どのように送ればよいですか。",
			"集荷を手配いたしました。明日の午前中に伺います。",
			"ありがとうございます。助かりました。",
		}},
	},
	followUps: [][2]string{
		{"返金はいつごろになりますか。", "商品の到着後、三営業日以内です。"},
		{"色違いに交換できますか。", "はい、在庫がございます。"},
	},
	notes: []string{"丁寧な対応を希望されています。"},
}

// products are what the shop sells, the same in every language.
var products = []string{
	"Harbor Shell jacket", "Fjord rucksack 28", "Lantern One", "Tidewater boots", "Cove kettle", "Anchor tent 2P", "Skerry gloves", "Drift sleeping bag",
}
