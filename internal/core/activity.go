package core

// Codes of activities: what the system did. An entry of kind Activity carries
// one, with the parameters named here as members of its Params; its Sender is
// who did it. Other codes are kept as they come and mean something to whoever
// wrote them.
const (
	// ActivityImported is wording taken over from another system. No
	// parameters: the wording is the entry's Content.
	ActivityImported = "imported"
	// ActivityStatusChanged: status (a Status) and, where there is one,
	// status_code, both as they are after the change.
	ActivityStatusChanged = "status_changed"
	// ActivityAssigneeChanged: assignee_id, 0 = nobody now.
	ActivityAssigneeChanged = "assignee_changed"
	// ActivityLabelAdded and ActivityLabelRemoved: label_id, title.
	ActivityLabelAdded   = "label_added"
	ActivityLabelRemoved = "label_removed"
	// ActivityInboxChanged: from and to, the names of the inboxes.
	ActivityInboxChanged = "inbox_changed"
)
