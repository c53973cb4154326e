package conversation

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"parley/internal/core"
	"parley/internal/store"
)

// maxContentBytes bounds the text of one entry.
const maxContentBytes = 256 << 10

// NewEntry says what to append.
type NewEntry struct {
	ConversationID int64
	Kind           core.EntryKind // Message, Note or Activity
	Sender         core.Actor
	Origin         core.Origin // "" = by the sender
	Content        string
	ContentType    string    // "" = text
	Attributes     core.JSON // content attributes, an object
	Ext            core.JSON // what dialects keep, an object
	Code           string    // of activities
	Params         core.JSON // of activities, an object
	// Unlisted keeps a message out of CommBox's children, Uncounted out of
	// unread counts and responses.
	Unlisted, Uncounted bool
	// ExternalID is what the channel that brought the message calls it. One
	// that the inbox knows is not stored again: the entry of then is returned.
	ExternalID string
	// Files are what a message carries: stored by package file, and taken from
	// there by this command.
	Files []core.Attachment
	// Repeat makes the command one that may be asked again; nil: it may not.
	Repeat *Repeat
}

// Append stores an entry at the end of its conversation and returns it. A
// message of the contact opens a resolved or snoozed conversation again, unless
// the contact is blocked. A conversation that the account does not have is
// core.NotFound; a sender who has no part in it is core.Invalid.
func (s *Writes) Append(ctx context.Context, account int64, in NewEntry) (core.Entry, error) {
	if err := in.check(); err != nil {
		return core.Entry{}, err
	}
	var made core.Entry
	err := s.repeatable(ctx, account, in.Repeat, func(ctx context.Context, tx store.Tx) (answer string, err error) {
		made, err = s.appendIn(ctx, tx, account, in)
		return strconv.FormatInt(made.ID, 10), err
	}, func(ctx context.Context, tx store.Tx, answer string) error {
		id, err := strconv.ParseInt(answer, 10, 64)
		if err != nil {
			return fmt.Errorf("read the answer of a request: %w", err)
		}
		made, err = tx.Entry(ctx, account, id)
		return err
	})
	if err != nil {
		return core.Entry{}, fmt.Errorf("append %s: %w", in.Kind, err)
	}
	return made, nil
}

// check refuses what no conversation could take.
func (in *NewEntry) check() error {
	switch in.Kind {
	case core.Message:
	case core.Note:
		if in.Sender.Type == core.ActorContact {
			return core.Refuse("sender", "contacts write no notes")
		}
	case core.Activity:
		if in.Code == "" {
			return core.Refuse("code", "an activity needs a code")
		}
		if len(in.Files) > 0 {
			return core.Refuse("files", "an activity has no attachments")
		}
	default:
		return core.Refuse("kind", "an entry is a message, a note or an activity")
	}
	return in.checkForm()
}

// contentTypeForm is how a type of content is written: text, input_select,
// text/html.
var contentTypeForm = regexp.MustCompile(`^[a-z][a-z0-9_.+/-]{0,99}$`)

// checkForm refuses a text and what comes with it that nobody could have said.
func (in *NewEntry) checkForm() error {
	if in.ContentType != "" && !contentTypeForm.MatchString(in.ContentType) {
		return core.Refuse("content_type", "it is of small letters, digits and _ . + / -, at most 100")
	}
	if err := core.CheckObject("content_attributes", in.Attributes, core.MaxContentAttributesBytes); err != nil {
		return err
	}
	if err := core.CheckObject("ext", in.Ext, core.MaxObjectBytes); err != nil {
		return err
	}
	if err := core.CheckObject("params", in.Params, core.MaxObjectBytes); err != nil {
		return err
	}
	return checkContent(in.Content)
}

func checkContent(content string) error {
	if len(content) > maxContentBytes {
		return &core.Error{Kind: core.TooLarge, Field: "content", Message: fmt.Sprintf("a text has at most %d bytes", maxContentBytes)}
	}
	return nil
}

// appendIn is Append inside a command.
func (s *Writes) appendIn(ctx context.Context, tx store.Tx, account int64, in NewEntry) (core.Entry, error) {
	w, err := s.begin(ctx, tx, account, in.ConversationID, in.Sender)
	if err != nil {
		return core.Entry{}, err
	}
	if in.ExternalID != "" {
		id, known, err := tx.FindReceived(ctx, account, w.conv.InboxID, in.ExternalID)
		if err != nil {
			return core.Entry{}, err
		}
		if known {
			return tx.Entry(ctx, account, id)
		}
	}
	made, err := w.say(ctx, in)
	if err != nil {
		return core.Entry{}, err
	}
	return made, w.finish(ctx)
}

// say stores what in says at the end of the conversation, and does what follows
// from it.
func (w *work) say(ctx context.Context, in NewEntry) (core.Entry, error) {
	contact, origin, err := w.author(ctx, &in)
	if err != nil {
		return core.Entry{}, err
	}
	made := core.Entry{
		Kind: in.Kind, Sender: in.Sender, Origin: origin, Listed: !in.Unlisted, Counts: !in.Uncounted,
		Content: in.Content, ContentType: in.ContentType, ContentAttributes: in.Attributes, Ext: in.Ext,
		ExternalID: in.ExternalID, Code: in.Code, Params: in.Params, AttachmentCount: int64(len(in.Files)), CreatedAt: w.now,
	}
	if err := w.checkFiles(ctx, in.Files); err != nil {
		return core.Entry{}, err
	}
	if in.Kind == core.Activity {
		made.Listed, made.Counts, made.Origin = false, false, ""
	}
	if err := w.add(ctx, &made, in.Files...); err != nil {
		return core.Entry{}, err
	}
	if in.ExternalID != "" {
		if err := w.tx.PutReceived(ctx, w.conv.AccountID, w.conv.InboxID, in.ExternalID, made.ID); err != nil {
			return core.Entry{}, err
		}
	}
	if contact == nil {
		return made, nil
	}
	contact.LastActivityAt = contact.LastActivityAt.Later(made.CreatedAt)
	if err := w.tx.UpdateContact(ctx, *contact); err != nil {
		return core.Entry{}, err
	}
	if contact.Blocked {
		return made, nil
	}
	if !w.fresh {
		if err := w.apply(ctx, core.Reopen(&w.conv, &made, w.now), system); err != nil {
			return core.Entry{}, err
		}
	}
	return made, w.answer(ctx)
}

// checkFiles refuses files that are not there to be taken any more.
func (w *work) checkFiles(ctx context.Context, files []core.Attachment) error {
	for i := range files {
		noted, ok, err := w.tx.FindUpload(ctx, w.conv.AccountID, files[i].Path)
		if err != nil {
			return err
		}
		if !ok || noted.CreatedAt < w.now-core.UploadLife {
			return &core.Error{Kind: core.Conflict, Field: "files", Message: "the file is not there any more: send it again"}
		}
	}
	return nil
}

// attach takes stored files for the message.
func (w *work) attach(ctx context.Context, e *core.Entry, files []core.Attachment) ([]core.Attachment, error) {
	taken := make([]core.Attachment, len(files))
	for i, a := range files {
		ok, err := w.tx.TakeUpload(ctx, w.conv.AccountID, a.Path)
		if err == nil && !ok {
			err = &core.Error{Kind: core.Conflict, Field: "files", Message: "the file belongs to another message"}
		}
		if err != nil {
			return nil, err
		}
		a.ID, a.AccountID, a.ConversationID, a.MessageID, a.CreatedAt = 0, w.conv.AccountID, w.conv.ID, e.ID, e.CreatedAt
		if err := w.tx.InsertAttachment(ctx, &a); err != nil {
			return nil, err
		}
		taken[i] = a
	}
	return taken, nil
}

// author checks that the sender belongs to the conversation or the account,
// and says how the entry came about when the caller did not. The contact is
// returned when it is the one who speaks.
func (w *work) author(ctx context.Context, in *NewEntry) (*core.Contact, core.Origin, error) {
	origin := in.Origin
	or := func(def core.Origin) core.Origin {
		if origin == "" {
			return def
		}
		return origin
	}
	agent, err := checkActor(ctx, w.tx, &w.conv, &in.Sender, "sender")
	if err != nil {
		return nil, "", err
	}
	switch {
	case in.Sender.Type == core.ActorContact:
		contact, err := w.tx.Contact(ctx, w.conv.AccountID, w.conv.ContactID)
		return &contact, or(core.OriginPerson), err
	case in.Sender.Type == core.ActorSystem:
		return nil, or(core.OriginAutomation), nil
	case agent.Type == core.Bot:
		return nil, or(core.OriginBot), nil
	}
	return nil, or(core.OriginPerson), nil
}
