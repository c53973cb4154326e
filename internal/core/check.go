package core

// Check looks at a thing as it is just before it is changed, inside of the
// command, and refuses the change by its error. nil lets every change pass.
type Check[T any] func(T) error

// Of asks the check about a thing.
func (c Check[T]) Of(thing T) error {
	if c == nil {
		return nil
	}
	return c(thing)
}
