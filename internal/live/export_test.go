package live

// Watching tells whether the account's log is followed.
func (h *Hub) Watching(account int64) bool { return h.watching(account) != nil }

// Receive is what a bus hands signals to.
func (h *Hub) Receive(s Signal) { h.receive(s) }
