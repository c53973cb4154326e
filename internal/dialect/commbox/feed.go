package commbox

import (
	"errors"
	"iter"

	"parley/internal/core"
	"parley/internal/service/conversation"
)

// feed gives out the lines of several threads, thread by thread. The zero feed
// has none. It belongs to one goroutine and must be stopped.
type feed struct {
	next func() (conversation.Page, error, bool)
	end  func()
}

func newFeed(pages iter.Seq2[conversation.Page, error]) feed {
	next, stop := iter.Pull2(pages)
	return feed{next: next, end: stop}
}

func (f feed) stop() {
	if f.end != nil {
		f.end()
	}
}

var errFeedEnded = errors.New("the history ended before its threads did")

// thread passes the lines of the next thread to write; comma says that a line
// stands before it.
func (f feed) thread(write func(l *core.Line, comma bool) error) error {
	if f.next == nil {
		return nil
	}
	comma := false
	for {
		page, err, ok := f.next()
		if err != nil {
			return err
		}
		if !ok {
			return errFeedEnded
		}
		for i := range page.Lines {
			if err := write(&page.Lines[i], comma); err != nil {
				return err
			}
			comma = true
		}
		if page.End {
			return nil
		}
	}
}
