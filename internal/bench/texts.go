package bench

import (
	"math/rand/v2"
	"strings"
)

// Words of the data. Nothing in them is said to or by anybody.
var (
	agentNames = [][2]string{
		{"Dana", "Whitcombe"}, {"Samir", "Halabi"}, {"Rosa", "Delgado"}, {"Tom", "Ekström"}, {"Yael", "Carmi"}, {"Assistant", "Bot"},
	}
	firstNames  = []string{"Ada", "Bruno", "Chloé", "Daniel", "Elif", "Fatima", "Goran", "Hana", "Ines", "Jonas", "Katya", "Liam", "Mei", "Noor", "Otto", "Priya"}
	lastNames   = []string{"Almeida", "Bauer", "Costa", "Dimitrov", "Eriksen", "Fischer", "García", "Haddad", "Ivanova", "Jensen", "Kowalska", "Lindqvist", "Moreau", "Novak", "Okafor", "Petit"}
	labelTitles = []string{"vip", "delivery", "refund", "feedback", "billing"}
	subjects    = []string{"Order status", "Return request", "Change of address", "Invoice", "Question about sizes", "Damaged parcel", "Voucher", "Account access"}
	statuses    = []string{"open", "open", "open", "open", "pending", "snoozed", "resolved", "resolved", "resolved", "resolved"}

	contactSentences = []string{
		"Hello, is anybody there?",
		"My order has not arrived yet.",
		"I ordered the blue one two weeks ago, and the tracking page has not moved since Monday.",
		"Could you tell me when it will be delivered?",
		"The parcel was open when I got it and one of the boxes inside is dented.",
		"I would like to send it back and get a refund, please.",
		"Do you have the same jacket in a size smaller?",
		"The voucher from your newsletter is refused at the checkout, it says that it has expired.",
		"Thanks, that helps a lot!",
		"Perfect.",
		"I moved last month; can the address still be changed?",
		"The invoice shows the wrong company name, our accountant needs it corrected before the end of the month.",
	}
	agentSentences = []string{
		"Hi, thanks for writing to us!",
		"Let me have a look at that for you.",
		"Could you give me your order number?",
		"I have found your order: it left our warehouse this morning and should be with you within two days.",
		"I am sorry about that.",
		"You will get a new label by e-mail in a few minutes; just hand the parcel in at any post office.",
		"The refund is on its way, banks usually take three to five working days.",
		"I have changed the address and sent you a new confirmation.",
		"Is there anything else that I can do for you?",
		"We are here on weekdays from nine to five.",
	}
	agentHTML = []string{
		`<p>Hi, thanks for writing to us!</p><p>Your order is <b>on its way</b>: <a href="https://shop.example/track">follow the parcel</a>.</p>`,
		`<p>Returns are free within <b>45 days</b>.</p><ul><li>Print the label</li><li>Close the parcel</li><li>Hand it in</li></ul>`,
		`<div>I am sorry about that &amp; have sent a replacement.<br>You need not send the first one back.</div>`,
	}
)

// The lengths of plain texts, in bytes.
const (
	shortestText = 20
	longestText  = 200
)

// contactText begins with a sentence of its own, unless that is "".
func contactText(rnd *rand.Rand, first string) string { return sentences(rnd, first, contactSentences) }

// agentText is HTML in one of six.
func agentText(rnd *rand.Rand) string {
	if rnd.IntN(6) == 0 {
		return pick(rnd, agentHTML)
	}
	return sentences(rnd, "", agentSentences)
}

// sentences joins one to three to the first, as far as the length allows.
func sentences(rnd *rand.Rand, first string, from []string) string {
	var text strings.Builder
	text.WriteString(first)
	for n := 1 + rnd.IntN(3); n > 0 || text.Len() < shortestText; n-- {
		next := pick(rnd, from)
		if text.Len() > 0 {
			if text.Len()+1+len(next) > longestText {
				break
			}
			text.WriteByte(' ')
		}
		text.WriteString(next)
	}
	return text.String()
}

func pick[T any](rnd *rand.Rand, from []T) T { return from[rnd.IntN(len(from))] }
