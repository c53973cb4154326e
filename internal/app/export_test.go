package app

// Before is called when a restore has made everything ready and touched
// nothing yet.
func (o RestoreOptions) Before(f func() error) RestoreOptions {
	o.before = f
	return o
}

// OpenBus opens the bus between nodes.
var OpenBus = openBus
