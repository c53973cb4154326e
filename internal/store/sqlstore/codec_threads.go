package sqlstore

import "parley/internal/core"

var contactTable = newTable("contacts", `id int, account_id int, uuid text, name text, first_name text, middle_name text, last_name text,
	email text, phone text, phone2 text, identifier text, contact_type text, country_code text, location text, company_id int,
	locale text, gender text, birthday text, remarks text, blocked int, avatar_url text, label_ids text, custom_attributes text,
	additional_attributes text, ext text, last_activity_at int, created_at int, updated_at int`)

type contactRow struct {
	core.Contact
	blocked  flag
	labelIDs string
}

func (r *contactRow) targets() []any {
	c := &r.Contact
	return []any{
		&c.ID, &c.AccountID, &c.UUID, &c.Name, &c.FirstName, &c.MiddleName, &c.LastName,
		&c.Email, &c.Phone, &c.Phone2, &c.Identifier, &c.ContactType, &c.CountryCode, &c.Location, &c.CompanyID,
		&c.Locale, &c.Gender, &c.Birthday, &c.Remarks, &r.blocked, &c.AvatarURL, &r.labelIDs, &c.CustomAttributes,
		&c.AdditionalAttributes, &c.Ext, &c.LastActivityAt, &c.CreatedAt, &c.UpdatedAt,
	}
}

func (r *contactRow) value() core.Contact {
	r.Blocked = r.blocked != 0
	r.LabelIDs = parseIDs(r.labelIDs)
	return r.Contact
}

func contactArgs(c *core.Contact) []any {
	return []any{
		id(c.ID), id(c.AccountID), keyText(c.UUID), c.Name, c.FirstName, c.MiddleName, c.LastName,
		keyText(c.Email), keyText(c.Phone), c.Phone2, keyText(c.Identifier), c.ContactType, c.CountryCode, c.Location, id(c.CompanyID),
		c.Locale, c.Gender, c.Birthday, c.Remarks, c.Blocked, c.AvatarURL, idList(c.LabelIDs), string(c.CustomAttributes),
		string(c.AdditionalAttributes), string(c.Ext), c.LastActivityAt, c.CreatedAt, c.UpdatedAt,
	}
}

var identityTable = newTable("identities", `id int, account_id int, uuid text, contact_id int, provider_type int, address text,
	first_name text, last_name text, email text, user_name text, avatar_url text, ext text, created_at int`)

type identityRow struct{ core.Identity }

func (r *identityRow) targets() []any {
	i := &r.Identity
	return []any{
		&i.ID, &i.AccountID, &i.UUID, &i.ContactID, &i.ProviderType, &i.Address,
		&i.FirstName, &i.LastName, &i.Email, &i.UserName, &i.AvatarURL, &i.Ext, &i.CreatedAt,
	}
}

func (r *identityRow) value() core.Identity { return r.Identity }

func identityArgs(i *core.Identity) []any {
	return []any{
		id(i.ID), id(i.AccountID), keyText(i.UUID), id(i.ContactID), i.ProviderType, keyText(i.Address),
		i.FirstName, i.LastName, i.Email, i.UserName, i.AvatarURL, string(i.Ext), i.CreatedAt,
	}
}

var contactInboxTable = newTable("contact_inboxes", `id int, account_id int, identity_id int, contact_id int, inbox_id int,
	source_id text, pubsub_token text, hmac_verified int, created_at int`)

type contactInboxRow struct {
	core.ContactInbox
	hmacVerified flag
}

func (r *contactInboxRow) targets() []any {
	c := &r.ContactInbox
	return []any{
		&c.ID, &c.AccountID, &c.IdentityID, &c.ContactID, &c.InboxID,
		&c.SourceID, &c.PubsubToken, &r.hmacVerified, &c.CreatedAt,
	}
}

func (r *contactInboxRow) value() core.ContactInbox {
	r.HMACVerified = r.hmacVerified != 0
	return r.ContactInbox
}

func contactInboxArgs(c *core.ContactInbox) []any {
	return []any{
		id(c.ID), id(c.AccountID), id(c.IdentityID), id(c.ContactID), id(c.InboxID),
		keyText(c.SourceID), c.PubsubToken, c.HMACVerified, c.CreatedAt,
	}
}

var conversationTable = newTable("conversations", `id int, account_id int, uuid text, display_id int, inbox_id int, sub_inbox_id ref,
	contact_id int, identity_id int, contact_inbox_id ref, status text, status_code int, archived_at int, priority text, subject text,
	opened_by int, external_id text, label_ids text, assignee_id ref, last_assignee_id ref, assignee_bot_id ref, owner_id ref,
	bot_id ref, team_id ref, participant_ids text, custom_attributes text, additional_attributes text, ext text, primary_message_id int, snoozed_until int,
	contact_last_seen_at int, agent_last_seen_at int, created_at int, last_position int, message_count int, last_message_id int,
	last_listed_id int, agent_seq int, contact_seq int, contact_cursor int, agent_cursor int, contact_read_id int, agent_read_id int,
	first_response_at int, last_response_at int, closed_at int, waiting_since int, last_message_at int, last_activity_at int,
	customer_updated_at int, updated_at int`)

type conversationRow struct {
	core.Conversation
	openedBy                 int64
	labelIDs, participantIDs string
}

func (r *conversationRow) targets() []any {
	c := &r.Conversation
	return []any{
		&c.ID, &c.AccountID, &c.UUID, &c.DisplayID, &c.InboxID, &c.SubInboxID,
		&c.ContactID, &c.IdentityID, &c.ContactInboxID, &c.Status, &c.StatusCode, &c.ArchivedAt, &c.Priority, &c.Subject,
		&r.openedBy, &c.ExternalID, &r.labelIDs, &c.AssigneeID, &c.LastAssigneeID, &c.AssigneeBotID, &c.OwnerID,
		&c.BotID, &c.TeamID, &r.participantIDs, &c.CustomAttributes, &c.AdditionalAttributes, &c.Ext, &c.PrimaryMessageID, &c.SnoozedUntil,
		&c.ContactLastSeenAt, &c.AgentLastSeenAt, &c.CreatedAt, &c.LastPosition, &c.MessageCount, &c.LastMessageID,
		&c.LastListedID, &c.AgentSeq, &c.ContactSeq, &c.ContactCursor, &c.AgentCursor, &c.ContactReadID, &c.AgentReadID,
		&c.FirstResponseAt, &c.LastResponseAt, &c.ClosedAt, &c.WaitingSince, &c.LastMessageAt, &c.LastActivityAt,
		&c.CustomerUpdatedAt, &c.UpdatedAt,
	}
}

func (r *conversationRow) value() core.Conversation {
	r.OpenedBy = core.Side(r.openedBy)
	r.LabelIDs, r.ParticipantIDs = parseIDs(r.labelIDs), parseIDs(r.participantIDs)
	return r.Conversation
}

func conversationArgs(c *core.Conversation) []any {
	return []any{
		id(c.ID), id(c.AccountID), keyText(c.UUID), id(c.DisplayID), id(c.InboxID), ref(c.SubInboxID),
		id(c.ContactID), id(c.IdentityID), ref(c.ContactInboxID), string(c.Status), c.StatusCode, c.ArchivedAt, c.Priority, c.Subject,
		int64(c.OpenedBy), keyText(c.ExternalID), idList(c.LabelIDs), ref(c.AssigneeID), ref(c.LastAssigneeID), ref(c.AssigneeBotID), ref(c.OwnerID),
		ref(c.BotID), ref(c.TeamID), idList(c.ParticipantIDs), string(c.CustomAttributes), string(c.AdditionalAttributes), queriedJSON(c.Ext), id(c.PrimaryMessageID), c.SnoozedUntil,
		c.ContactLastSeenAt, c.AgentLastSeenAt, c.CreatedAt, c.LastPosition, c.MessageCount, id(c.LastMessageID),
		id(c.LastListedID), c.AgentSeq, c.ContactSeq, c.ContactCursor, c.AgentCursor, id(c.ContactReadID), id(c.AgentReadID),
		c.FirstResponseAt, c.LastResponseAt, c.ClosedAt, c.WaitingSince, c.LastMessageAt, c.LastActivityAt,
		c.CustomerUpdatedAt, c.UpdatedAt,
	}
}

var readCursorTable = newTable("read_cursors", "account_id int, conversation_id int, agent_id int, entry_id int, seq int")

type readCursorRow struct{ core.ReadCursor }

func (r *readCursorRow) targets() []any {
	c := &r.ReadCursor
	return []any{&c.AccountID, &c.ConversationID, &c.AgentID, &c.EntryID, &c.Seq}
}

func (r *readCursorRow) value() core.ReadCursor { return r.ReadCursor }

var entryTable = newTable("entries", `id int, account_id int, uuid text, conversation_id int, position int, kind text, sender_type text,
	sender_id int, sender_identity_id int, origin text, listed int, counts int, agent_seq int, contact_seq int, content text,
	content_type text, content_attributes text, ext text, external_id text, delivery_status text, attachment_count int, code text,
	params text, deleted_at int, created_at int, updated_at int`)

type entryRow struct {
	core.Entry
	listed, counts flag
}

func (r *entryRow) targets() []any {
	e := &r.Entry
	return []any{
		&e.ID, &e.AccountID, &e.UUID, &e.ConversationID, &e.Position, &e.Kind, &e.Sender.Type,
		&e.Sender.ID, &e.Sender.IdentityID, &e.Origin, &r.listed, &r.counts, &e.AgentSeq, &e.ContactSeq, &e.Content,
		&e.ContentType, &e.ContentAttributes, &e.Ext, &e.ExternalID, &e.DeliveryStatus, &e.AttachmentCount, &e.Code,
		&e.Params, &e.DeletedAt, &e.CreatedAt, &e.UpdatedAt,
	}
}

func (r *entryRow) value() core.Entry {
	r.Listed, r.Counts = r.listed != 0, r.counts != 0
	return r.Entry
}

func entryArgs(e *core.Entry) []any {
	return []any{
		id(e.ID), id(e.AccountID), keyText(e.UUID), id(e.ConversationID), e.Position, string(e.Kind), string(e.Sender.Type),
		id(e.Sender.ID), id(e.Sender.IdentityID), string(e.Origin), e.Listed, e.Counts, e.AgentSeq, e.ContactSeq, e.Content,
		e.ContentType, string(e.ContentAttributes), string(e.Ext), keyText(e.ExternalID), e.DeliveryStatus, e.AttachmentCount, e.Code,
		string(e.Params), e.DeletedAt, e.CreatedAt, e.UpdatedAt,
	}
}

var attachmentTable = newTable("attachments", `id int, account_id int, conversation_id int, message_id int, file_type text, name text,
	url text, path text, mime text, size_bytes int, width int, height int, thumbnail_url text, latitude real, longitude real,
	fallback_title text, transcribed_text text, meta text, created_at int`)

type attachmentRow struct{ core.Attachment }

func (r *attachmentRow) targets() []any {
	a := &r.Attachment
	return []any{
		&a.ID, &a.AccountID, &a.ConversationID, &a.MessageID, &a.FileType, &a.Name,
		&a.URL, &a.Path, &a.MIME, &a.SizeBytes, &a.Width, &a.Height, &a.ThumbnailURL, &a.Latitude, &a.Longitude,
		&a.FallbackTitle, &a.TranscribedText, &a.Meta, &a.CreatedAt,
	}
}

func (r *attachmentRow) value() core.Attachment { return r.Attachment }

func attachmentArgs(a *core.Attachment) []any {
	return []any{
		id(a.ID), id(a.AccountID), id(a.ConversationID), id(a.MessageID), a.FileType, a.Name,
		a.URL, a.Path, a.MIME, a.SizeBytes, a.Width, a.Height, a.ThumbnailURL, a.Latitude, a.Longitude,
		a.FallbackTitle, a.TranscribedText, string(a.Meta), a.CreatedAt,
	}
}
