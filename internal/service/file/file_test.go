package file_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"parley/internal/blob"
	"parley/internal/blob/disk"
	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/service/file"
	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit/testserver"
)

const hour = core.Time(3600 * 1_000_000)

// world is a small account, and files on a disk that can fail.
type world struct {
	storetest.Fixture
	t       *testing.T
	st      store.Store
	files   *file.Files
	writes  *conversation.Writes
	blobs   *failing
	folder  string // of the store of files
	arrives string
	now     core.Time
}

// failing is a store of files whose calls can be made to fail.
type failing struct {
	blob.Store
	put, delete error
}

func (f *failing) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	if f.put != nil {
		return f.put
	}
	return f.Store.Put(ctx, key, r, size)
}

func (f *failing) Delete(ctx context.Context, key string) error {
	if f.delete != nil {
		return f.delete
	}
	return f.Store.Delete(ctx, key)
}

const limit = 1 << 20

func each(t *testing.T, run func(w *world)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := &world{t: t, st: testserver.Open(t, engine), folder: t.TempDir(), arrives: filepath.Join(t.TempDir(), "arriving"), now: 1_700_000_000_000_000}
			w.Fixture = storetest.Seed(t, w.st)
			d, err := disk.Open(w.folder)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close() })
			w.blobs = &failing{Store: d}
			links, err := file.NewLinks([]byte("a key of the installation"), "https://help.example/")
			if err != nil {
				t.Fatal(err)
			}
			clock := func() core.Time { return w.now }
			w.files = file.New(file.Options{Store: w.st, Blobs: w.blobs, Clock: clock, Links: links, Folder: w.arrives, LimitBytes: limit})
			w.writes = conversation.NewWrites(w.st, clock)
			run(w)
			if left, err := os.ReadDir(w.arrives); err == nil && len(left) > 0 {
				t.Errorf("%d files are left where they arrive", len(left))
			}
			if _, err := integrity.Check(t.Context(), w.st, func(f integrity.Fault) { t.Error(f) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// add puts a file into a batch.
func (w *world) add(b *file.Batch, name string, content []byte) {
	w.t.Helper()
	if err := b.Add(w.t.Context(), file.Incoming{Name: name, Body: bytes.NewReader(content)}); err != nil {
		w.t.Fatalf("add %s: %v", name, err)
	}
}

// say stores a message with the batch's files.
func (w *world) say(b *file.Batch) (core.Entry, error) {
	return w.writes.Append(w.t.Context(), w.Account.ID, conversation.NewEntry{
		ConversationID: w.Chat.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}, Files: b.Attachments(),
	})
}

// onDisk are the keys of the files that are stored.
func (w *world) onDisk() []string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.folder, "*", "*"))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	return found
}

func (w *world) wantOnDisk(what string, n int) {
	w.t.Helper()
	if got := w.onDisk(); len(got) != n {
		w.t.Errorf("%s: %d files are stored, want %d: %v", what, len(got), n, got)
	}
}

func (w *world) wantNotes(what string, n int) {
	w.t.Helper()
	if got, err := w.st.ListUploads(w.t.Context(), w.Account.ID, w.now+9*hour, 99); err != nil || len(got) != n {
		w.t.Errorf("%s: %d files are noted, want %d: %v", what, len(got), n, err)
	}
}

func (w *world) sweep(want int) {
	w.t.Helper()
	if got, err := w.files.Sweep(w.t.Context()); err != nil || got != want {
		w.t.Errorf("swept %d files, want %d: %v", got, want, err)
	}
}

func photo(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 640, 400))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestMessageWithFiles: files and message are there together, the event tells of
// both, and what was taken is never swept.
func TestMessageWithFiles(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ctx, account, raw := w.t.Context(), w.Account.ID, photo(w.t)
		b := w.files.Begin(account)
		w.add(b, `C:\pictures\..\a b.png`, raw)
		w.add(b, "notes.txt", []byte("Dear Sirs"))
		made, err := w.say(b)
		b.Release(ctx, err)
		if err != nil {
			w.t.Fatal(err)
		}
		w.now += 9 * hour
		w.sweep(0)
		w.wantNotes("behind the message", 0)
		w.wantOnDisk("behind the message", 3) // and a thumbnail
		got, err := w.files.Links.Reader(w.st).Attachments(ctx, account, []int64{made.ID})
		if err != nil || len(got) != 2 || made.AttachmentCount != 2 {
			w.t.Fatalf("%d attachments, %v", len(got), err)
		}
		p := got[0]
		if p.FileType != "image" || p.Name != "a b.png" || p.MIME != "image/png" || p.SizeBytes != int64(len(raw)) || p.Width != 640 || p.Height != 400 {
			w.t.Errorf("the picture is %+v", p)
		}
		if q := got[1]; q.FileType != "file" || q.Name != "notes.txt" || q.MIME != "text/plain" || q.ThumbnailURL != "" {
			w.t.Errorf("the text is %+v", q)
		}
		if !bytes.Equal(w.fetch(p.URL, false), raw) {
			w.t.Error("the picture is another one")
		}
		if small, _, err := image.DecodeConfig(bytes.NewReader(w.fetch(p.ThumbnailURL, true))); err != nil || small.Width != core.ThumbnailSide {
			w.t.Errorf("the thumbnail is %+v, %v", small, err)
		}
		events, err := w.st.ListEvents(ctx, account, 0, 99)
		if err != nil {
			w.t.Fatal(err)
		}
		told, ok := events[len(events)-1].Data.(core.EntryChange)
		if !ok || told.Entry.ID != made.ID || len(told.Attachments) != 2 || told.Attachments[0].Path != p.Path || told.Attachments[0].ID != p.ID {
			w.t.Errorf("the event tells %+v", events[len(events)-1])
		}
	})
}

// fetch reads the file of an address.
func (w *world) fetch(address string, thumbnail bool) []byte {
	w.t.Helper()
	found, err := w.files.Find(w.t.Context(), w.request(address, thumbnail))
	if err != nil {
		w.t.Fatalf("find %s: %v", address, err)
	}
	f, err := w.files.Open(w.t.Context(), found)
	if err != nil {
		w.t.Fatalf("open %s: %v", address, err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(f)
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

// request takes an address apart.
func (w *world) request(address string, thumbnail bool) file.Request {
	w.t.Helper()
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, "https://help.example/files/") {
		w.t.Fatalf("the address is %q, %v", address, err)
	}
	parts := strings.Split(u.Path, "/")
	account, err1 := strconv.ParseInt(parts[2], 10, 64)
	attachment, err2 := strconv.ParseInt(parts[3], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		w.t.Fatal(err)
	}
	return file.Request{AccountID: account, AttachmentID: attachment, Signature: u.Query().Get("sig"), Thumbnail: thumbnail}
}

// TestKilledBetween: a process that died when the file was stored and its
// message was not, or anywhere before, leaves nothing for ever, and what it left
// is not taken from somebody who still comes for it.
func TestKilledBetween(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		stored := w.files.Begin(w.Account.ID)
		w.add(stored, "a.png", photo(w.t))
		w.blobs.put, w.blobs.delete = errors.New("killed"), errors.New("killed")
		noted := w.files.Begin(w.Account.ID)
		if err := noted.Add(w.t.Context(), file.Incoming{Body: strings.NewReader("x")}); err == nil {
			w.t.Error("a file that was not stored was added")
		}
		w.blobs.put, w.blobs.delete = nil, nil
		w.wantNotes("killed", 2)
		w.now += hour
		w.sweep(0) // not older than an hour
		w.wantOnDisk("after an hour", 2)
		w.now++
		w.blobs.delete = errors.New("away")
		if n, err := w.files.Sweep(w.t.Context()); err == nil || n != 0 {
			w.t.Errorf("swept %d files of a store that is away, %v", n, err)
		}
		w.wantNotes("while the store is away", 2)
		w.blobs.delete = nil
		w.sweep(2)
		w.wantOnDisk("swept", 0)
		w.wantNotes("swept", 0)
		w.sweep(0)
	})
}

// TestLateMessage: a message does not take a file that may be swept at the same
// moment, nor one that is gone, and then is not stored.
func TestLateMessage(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		before, err := w.st.Conversation(w.t.Context(), w.Account.ID, w.Chat.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		b := w.files.Begin(w.Account.ID)
		w.add(b, "a.txt", []byte("x"))
		w.now += core.UploadLife + 1
		_, err = w.say(b)
		if core.KindOf(err) != core.Conflict {
			w.t.Errorf("with an old file: %v", err)
		}
		b.Release(w.t.Context(), err)
		w.wantOnDisk("refused", 0)
		if _, err := w.say(b); core.KindOf(err) != core.Conflict {
			w.t.Errorf("with a file that is gone: %v", err)
		}
		after, err := w.st.Conversation(w.t.Context(), w.Account.ID, w.Chat.ID)
		if err != nil || after.LastPosition != before.LastPosition {
			w.t.Errorf("a message was stored: %+v, %v", after, err)
		}
	})
}

// TestRelease: what no message took goes at once, unless nobody knows whether
// one did.
func TestRelease(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ctx := w.t.Context()
		b := w.files.Begin(w.Account.ID)
		w.add(b, "a.png", photo(w.t))
		b.Release(ctx, errors.New("the answer to the commit was lost"))
		w.wantOnDisk("unknown", 2)
		b.Release(ctx, &core.Error{Kind: core.Unavailable})
		w.wantOnDisk("unavailable", 2)
		gone, cancel := context.WithCancel(ctx)
		cancel()
		b.Release(gone, fmt.Errorf("append: %w", context.Canceled)) // the caller hung up
		w.wantOnDisk("refused", 0)
		w.wantNotes("refused", 0)
		w.blobs.put = errors.New("the disk is full")
		if err := b.Add(ctx, file.Incoming{Body: strings.NewReader("x")}); err == nil {
			w.t.Error("added to a full disk")
		}
		w.blobs.put = nil
		w.wantNotes("a full disk", 0)

		// A request that comes again brings its files again.
		repeat := &conversation.Repeat{Caller: "token 1", Operation: "append", Key: "k", Hash: "h"}
		var ids []int64
		for range 2 {
			b := w.files.Begin(w.Account.ID)
			w.add(b, "a.txt", []byte("x"))
			made, err := w.writes.Append(ctx, w.Account.ID, conversation.NewEntry{
				ConversationID: w.Chat.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}, Files: b.Attachments(), Repeat: repeat,
			})
			b.Release(ctx, err)
			if err != nil {
				w.t.Fatal(err)
			}
			ids = append(ids, made.ID)
		}
		if ids[0] != ids[1] {
			w.t.Errorf("two messages: %v", ids)
		}
		w.wantOnDisk("again", 1)
		w.wantNotes("again", 0)
	})
}

// TestTakenOnce: of two messages that come for one file at the same moment one
// is stored; and nobody takes a file of another account.
func TestTakenOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.files.Begin(w.Account.ID)
		w.add(b, "a.txt", []byte("x"))
		theirs := storetest.Seed(w.t, w.st)
		_, err := w.writes.Append(w.t.Context(), theirs.Account.ID, conversation.NewEntry{
			ConversationID: theirs.Chat.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}, Files: b.Attachments(),
		})
		if core.KindOf(err) != core.Conflict {
			w.t.Errorf("another account: %v", err)
		}
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { _, errs[i] = w.say(b) })
		}
		all.Wait()
		stored := 0
		for _, err := range errs {
			if err == nil {
				stored++
			} else if core.KindOf(err) != core.Conflict {
				w.t.Errorf("refused with %v", err)
			}
		}
		if stored != 1 {
			w.t.Errorf("%d messages took the file", stored)
		}
	})
}

// TestRefused: what is refused leaves nothing.
func TestRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		torn := core.Refuse("body", "is torn")
		for name, c := range map[string]struct {
			in   file.Incoming
			want core.Kind
		}{
			"large":       {file.Incoming{Body: bytes.NewReader(make([]byte, limit+1))}, core.TooLarge},
			"mislabelled": {file.Incoming{Name: "a.png", Body: strings.NewReader("<html><script>")}, core.Invalid},
			"announced":   {file.Incoming{Name: "a", Type: "image/jpeg", Body: bytes.NewReader(photo(w.t))}, core.Invalid},
			"broken":      {file.Incoming{Name: "a.png", Body: bytes.NewReader(photo(w.t)[:60])}, core.Invalid},
			"torn":        {file.Incoming{Body: io.MultiReader(strings.NewReader("x"), iotest.ErrReader(torn))}, core.Invalid},
		} {
			if err := w.files.Begin(w.Account.ID).Add(w.t.Context(), c.in); err == nil || core.KindOf(err) != c.want {
				w.t.Errorf("%s: %v, want it %s", name, err, c.want)
			}
		}
		w.wantOnDisk("refused", 0)
		w.wantNotes("refused", 0)
		b := w.files.Begin(w.Account.ID)
		w.add(b, "largest", make([]byte, limit))
		for range 19 {
			w.add(b, "", nil)
		}
		if err := b.Add(w.t.Context(), file.Incoming{Body: strings.NewReader("x")}); core.KindOf(err) != core.Invalid {
			w.t.Errorf("one too many: %v", err)
		}
		if sums := b.Sums(); len(sums) != 20 || sums[0] == sums[1] || sums[1] != sums[2] {
			w.t.Errorf("the sums are %v", sums)
		}
		b.Release(w.t.Context(), core.Refuse("file", "too many"))
		w.wantOnDisk("released", 0)
	})
}

// TestAddresses: an address opens one file of one account, until its message is
// deleted.
func TestAddresses(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ctx := w.t.Context()
		b := w.files.Begin(w.Account.ID)
		w.add(b, "a.png", photo(w.t))
		w.add(b, "b.txt", []byte("b"))
		made, err := w.say(b)
		if err != nil {
			w.t.Fatal(err)
		}
		got, err := w.files.Links.Reader(w.st).Attachments(ctx, w.Account.ID, []int64{made.ID})
		if err != nil {
			w.t.Fatal(err)
		}
		good := w.request(got[0].URL, false)
		for name, change := range map[string]func(r *file.Request){
			"no signature":           func(r *file.Request) { r.Signature = "" },
			"another signature":      func(r *file.Request) { r.Signature = strings.Repeat("A", len(r.Signature)) },
			"half a signature":       func(r *file.Request) { r.Signature = r.Signature[:11] },
			"another file":           func(r *file.Request) { r.AttachmentID = got[1].ID },
			"another account":        func(r *file.Request) { r.AccountID++ },
			"the thumbnail":          func(r *file.Request) { r.Thumbnail = true },
			"the thumbnail's, whole": func(r *file.Request) { r.Signature = w.request(got[0].ThumbnailURL, true).Signature },
			"nothing":                func(r *file.Request) { r.AttachmentID = 1 << 40 },
		} {
			r := good
			change(&r)
			if _, err := w.files.Find(ctx, r); core.KindOf(err) != core.NotFound {
				w.t.Errorf("%s: %v", name, err)
			}
		}
		again, err := w.files.Links.Reader(w.st).Attachment(ctx, w.Account.ID, got[0].ID)
		if err != nil || again.URL != got[0].URL {
			w.t.Errorf("the address changed to %q, %v", again.URL, err)
		}
		other, err := file.NewLinks([]byte("the key of another installation"), "")
		if err != nil {
			w.t.Fatal(err)
		}
		foreign, err := other.Reader(w.st).Attachment(ctx, w.Account.ID, got[0].ID)
		if err != nil || !strings.HasPrefix(foreign.URL, "/files/") || strings.HasSuffix(got[0].URL, foreign.URL) {
			w.t.Errorf("another installation's address is %q, %v", foreign.URL, err)
		}
		for _, a := range got {
			if slices.Contains(strings.Split(a.URL, "/"), a.Path) || strings.Contains(a.URL, a.Path) {
				w.t.Errorf("the address tells the key: %s", a.URL)
			}
		}
		if _, err := w.writes.DeleteMessage(ctx, w.Account.ID, conversation.Revision{ConversationID: w.Chat.ID, EntryID: made.ID, Actor: core.Actor{Type: core.ActorAgent, ID: w.Agent.ID}}); err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.files.Find(ctx, good); core.KindOf(err) != core.NotFound {
			w.t.Errorf("of a deleted message: %v", err)
		}
	})
}

// TestImportedPaths: a row that was imported names what it wants, and leads
// nowhere.
func TestImportedPaths(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for _, path := range []string{"../../../etc/passwd", "/etc/passwd", "parley.db", "ab/cd"} {
			a := core.Attachment{AccountID: w.Account.ID, ConversationID: w.Chat.ID, MessageID: w.Entries[w.Chat.ID][0].ID, FileType: "file", Name: "x", Path: path}
			err := w.st.InTx(w.t.Context(), w.Account.ID, func(ctx context.Context, tx store.Tx) error {
				return tx.InsertAttachment(ctx, &a)
			})
			if err != nil {
				w.t.Fatal(err)
			}
			got, err := w.files.Links.Reader(w.st).Attachment(w.t.Context(), w.Account.ID, a.ID)
			if err != nil || got.URL != "" {
				w.t.Errorf("%s has the address %q, %v", path, got.URL, err)
			}
		}
		// The entry counts what it has, for the doctor.
		e := w.Entries[w.Chat.ID][0]
		e.AttachmentCount = 4
		if err := w.st.InTx(w.t.Context(), w.Account.ID, func(ctx context.Context, tx store.Tx) error { return tx.UpdateEntry(ctx, e) }); err != nil {
			w.t.Fatal(err)
		}
	})
}
