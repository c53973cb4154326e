package chatwoot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"parley/internal/core"
)

// typeNames are the words for the numbers of message_type.
var typeNames = map[int64]string{typeIncoming: "incoming", typeOutgoing: "outgoing", typeTemplate: "template"}

// markdown makes HTML of what is written in Markdown. HTML in a text is left
// out, and so are addresses that run something.
var markdown = goldmark.New(goldmark.WithExtensions(extension.Strikethrough))

// rendered is a text as its channel shows it (server): HTML on websites and in
// mail, as it was written everywhere else. "" stays.
func rendered(content string, c core.Channel) (string, error) {
	if content == "" || c != core.ChannelWeb && c != core.ChannelEmail {
		return content, nil
	}
	var b bytes.Buffer
	if err := markdown.Convert([]byte(content), &b); err != nil {
		return "", fmt.Errorf("render a text: %w", err)
	}
	return b.String(), nil
}

// changesOf lists the fields in which two structs differ, in their order, by
// their names on the wire; and at the end updated_at, which both must have.
// Without another difference there is nothing.
func changesOf[T any](was, is T) []changedAttribute {
	var changed []changedAttribute
	a, b := reflect.ValueOf(was), reflect.ValueOf(is)
	for _, f := range reflect.VisibleFields(a.Type()) {
		name := f.Tag.Get("json")
		before, now := a.FieldByIndex(f.Index), b.FieldByIndex(f.Index)
		if f.Anonymous || name == updatedAt || reflect.DeepEqual(before.Interface(), now.Interface()) {
			continue
		}
		changed = append(changed, changedAttribute{name: {before.Interface(), now.Interface()}})
	}
	if len(changed) == 0 {
		return nil
	}
	at := func(v reflect.Value) core.Time { return core.Time(v.FieldByName("UpdatedAt").Int()) }
	return append(changed, updated(at(a), at(b)))
}

const updatedAt = "updated_at"

// updated tells of the time of a change.
func updated(was, is core.Time) changedAttribute {
	return changedAttribute{updatedAt: {nullTime(was), nullTime(is)}}
}

// toWebhookSender returns the author of a message as webhooks show it: of the
// same kind as in lists.
func toWebhookSender(l *core.Line, a *core.Account, sender any) any {
	switch s := sender.(type) {
	case *contactSender:
		c := toContactWebhook(l.Contact, a)
		return &c
	case *userSender:
		return &userWebhook{ID: s.ID, Name: s.Name, Email: nullString(l.Agent.Email), Type: s.Type}
	case *botSender:
		return &botWebhook{ID: s.ID, Name: s.Name, Type: s.Type}
	}
	return sender
}

func toContactWebhook(c *core.Contact, a *core.Account) contactWebhook {
	return contactWebhook{
		Account: namedBody{a.ID, a.Name}, AdditionalAttributes: object(c.AdditionalAttributes), Avatar: c.AvatarURL,
		CustomAttributes: object(c.CustomAttributes), Email: nullString(c.Email), ID: c.ID, Identifier: nullString(c.Identifier),
		Name: contactName(c), PhoneNumber: nullString(c.Phone), Thumbnail: c.AvatarURL, Blocked: c.Blocked,
	}
}

func toContactColumns(c *core.Contact, labels []string) contactColumns {
	b := toContact(c, labels)
	return contactColumns{
		Name: b.Name, Email: b.Email, PhoneNumber: b.PhoneNumber, Identifier: b.Identifier, Blocked: b.Blocked,
		AdditionalAttributes: b.AdditionalAttributes, CustomAttributes: b.CustomAttributes, ContactType: b.ContactType,
		CountryCode: b.CountryCode, LastName: b.LastName, MiddleName: b.MiddleName, Location: b.Location, CompanyID: b.CompanyID,
		LabelList: b.LabelList, UpdatedAt: b.UpdatedAt,
	}
}

// toInboxSettings converts what an inbox does by itself; what this server does
// not do is as the account's own settings name it, else off.
func toInboxSettings(i *core.Inbox, a *core.Account) inboxSettings {
	rules, s := i.Rules(), i.Settings
	hours := json.RawMessage(i.WorkingHours.Or("[]"))
	return inboxSettings{
		AllowMessagesAfterResolved: s.Member("allow_messages_after_resolved") != "false", // the contact may always write
		LockToSingleConversation:   on(s, "lock_to_single_conversation"),
		AutoAssignmentConfig:       object(s.Member("auto_assignment_config")),
		EnableAutoAssignment:       rules.Assigns,
		EnableEmailCollect:         on(s, "enable_email_collect"),
		GreetingEnabled:            rules.Greeting != "",
		GreetingMessage:            nullString(i.Greeting),
		CSATSurveyEnabled:          on(s, "csat_survey_enabled"),
		BusinessName:               nullString(s.Member("business_name").Text()),
		SenderNameType:             cmp.Or(s.Member("sender_name_type").Text(), "friendly"),
		Timezone:                   i.Place(a).String(),
		OutOfOfficeMessage:         nullString(rules.OutOfOffice),
		WorkingHoursEnabled:        !slices.Equal(hours, []byte("[]")),
		WorkingHours:               hours,
		CreatedAt:                  nullTime(i.CreatedAt),
		UpdatedAt:                  nullTime(i.UpdatedAt),
	}
}

func on(settings core.JSON, name string) bool { return settings.Member(name) == "true" }

func toChannel(i *core.Inbox) channelBody {
	return channelBody{
		ID: i.ID, AccountID: i.AccountID, Identifier: nullString(i.Identifier), HMACMandatory: i.HMACMandatory,
		CreatedAt: nullTime(i.CreatedAt), UpdatedAt: nullTime(i.UpdatedAt),
	}
}
