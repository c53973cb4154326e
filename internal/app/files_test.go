//go:build unix

package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/internal/app"
	"parley/internal/blob/blobtest"
	"parley/internal/blob/disk"
	"parley/internal/blob/s3"
	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit/testserver"
)

const (
	childCall   = "/streams/53211/objects/293854/child"
	objectCall  = "/streams/53211/objects/293854?includeChilds=true"
	createCall  = "/streams/53211/objects"
	childFields = "Type=4"
)

// part is a file of a multipart body.
type part struct{ field, name, mediaType, content string }

// form writes a multipart body with fields as name=value.
func form(t *testing.T, fields []string, parts ...part) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, p.field, p.name)}}
		if p.mediaType != "" {
			h.Set("Content-Type", p.mediaType)
		}
		to, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(to, p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// post sends a form as the first account.
func post(t *testing.T, s *testserver.Server, path string, fields []string, parts ...part) testserver.Response {
	t.Helper()
	body, contentType := form(t, fields, parts...)
	return s.Send(t, http.MethodPost, path, body, "Authorization", "Bearer "+harbourKey, "Content-Type", contentType)
}

// shown is an attachment as childs show it.
type shown struct {
	Path, Name string
	Size       int64
}

// newest returns the text and the attachments of the newest child.
func newest(t *testing.T, s *testserver.Server, path string) (int64, string, []shown) {
	t.Helper()
	got := s.Do(t, http.MethodGet, path, "Authorization", "Bearer "+harbourKey)
	var answer struct {
		Data []struct {
			Childs []struct {
				Type    int64
				Message string
				Content string
			}
		}
	}
	if err := json.Unmarshal(got.Body, &answer); err != nil || len(answer.Data) != 1 || len(answer.Data[0].Childs) == 0 {
		t.Fatalf("GET %s answered %d %s, %v", path, got.Status, got.Body, err)
	}
	child := answer.Data[0].Childs[0]
	var content struct{ Attachments []shown }
	if err := json.Unmarshal([]byte(child.Content), &content); err != nil {
		t.Fatalf("the content is %s: %v", child.Content, err)
	}
	return child.Type, child.Message, content.Attachments
}

func pngOf(t *testing.T, w, h int) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const page = "<!DOCTYPE html><html><script>alert(document.domain)</script></html>"

// TestFiles sends files through CommBox and fetches them at their addresses.
func TestFiles(t *testing.T) {
	t.Parallel()
	testserver.Each(t, harbourFixture, func(t *testing.T, s *testserver.Server) {
		photo := pngOf(t, 640, 400)
		got := post(t, s, childCall, []string{"Message=Look", "Type=4"},
			part{"", "my photo.png", "image/png", photo}, part{"file", "page.html", "text/html", page},
			part{"file", "../../x.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"></svg>`},
			part{"attachment[]", "notes", "", "Dear Sirs"})
		if got.Status != http.StatusOK {
			t.Fatalf("answered %d %s", got.Status, got.Body)
		}
		kind, text, files := newest(t, s, objectCall)
		if kind != 4 || text != "Look" || len(files) != 4 {
			t.Fatalf("the child is %d %q with %+v", kind, text, files)
		}
		for i, want := range []struct {
			name, mediaType, content string
			inline                   bool
		}{
			{"my photo.png", "image/png", photo, true},
			{"page.html", "text/html", page, false},
			{"x.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"></svg>`, false},
			{"notes", "text/plain", "Dear Sirs", false},
		} {
			if files[i].Name != want.name || files[i].Size != int64(len(want.content)) {
				t.Errorf("%s is shown as %+v", want.name, files[i])
			}
			wantFile(t, s, files[i].Path, want.mediaType, want.content, want.inline)
		}
		for _, address := range []string{
			strings.Replace(files[0].Path, "/my%20photo.png", "/thumbnail/my%20photo.png", 1), // with the file's signature
			files[0].Path + "A", strings.Replace(files[0].Path, "?sig=", "?s=", 1), strings.Replace(files[0].Path, "/files/1/", "/files/2/", 1),
			strings.Replace(files[0].Path, "/files/1/", "/files/01/", 1) + "x", strings.Replace(files[0].Path, "/files/1/", "/files/x/", 1), "/files/1/99999999999999999999/x?sig=x",
		} {
			r := s.Do(t, http.MethodGet, address, "Authorization", "Bearer "+harbourKey)
			if r.Status != http.StatusNotFound || strings.Contains(string(r.Body), "PNG") {
				t.Errorf("%s answered %d", address, r.Status)
			}
		}
	})
}

// wantFile fetches a file and looks at everything that keeps it harmless.
func wantFile(t *testing.T, s *testserver.Server, address, mediaType, content string, inline bool) {
	t.Helper()
	got := s.Do(t, http.MethodGet, address)
	if got.Status != http.StatusOK || string(got.Body) != content {
		t.Errorf("%s answered %d with %d bytes", address, got.Status, len(got.Body))
		return
	}
	for name, want := range map[string]string{
		"Content-Type": mediaType, "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'",
		"Accept-Ranges": "bytes", "Referrer-Policy": "no-referrer", "Cache-Control": "private, max-age=300",
	} {
		if have := got.Header.Get(name); have != want {
			t.Errorf("%s: %s is %q, want %q", address, name, have, want)
		}
	}
	if how, _, _ := strings.Cut(got.Header.Get("Content-Disposition"), ";"); (how == "inline") != inline || (how == "attachment") == inline {
		t.Errorf("%s: %q", address, got.Header.Get("Content-Disposition"))
	}
	tag := got.Header.Get("ETag")
	if again := s.Do(t, http.MethodGet, address, "If-None-Match", tag); tag == "" || again.Status != http.StatusNotModified || len(again.Body) != 0 {
		t.Errorf("%s with the tag %q: answered %d", address, tag, again.Status)
	}
	if r := s.Do(t, http.MethodGet, address, "Range", "bytes=2-5"); r.Status != http.StatusPartialContent || string(r.Body) != content[2:6] {
		t.Errorf("%s: a part is %d %q", address, r.Status, r.Body)
	}
	if r := s.Do(t, http.MethodHead, address); r.Status != http.StatusOK || len(r.Body) != 0 || r.Header.Get("Content-Length") != fmt.Sprint(len(content)) {
		t.Errorf("%s: HEAD answered %d %v", address, r.Status, r.Header)
	}
	if r := s.Do(t, http.MethodPost, address); r.Status != http.StatusMethodNotAllowed {
		t.Errorf("%s: POST answered %d", address, r.Status)
	}
}

// TestFilesOfObjects: a new object's files hang on its first child, and a file
// needs no text.
func TestFilesOfObjects(t *testing.T) {
	t.Parallel()
	testserver.Each(t, harbourFixture, func(t *testing.T, s *testserver.Server) {
		got := post(t, s, createCall, []string{`data={"Type":5,"UserStreamProviderId":"new@example.org","UserStreamProviderType":4,"Content":{"subject":"Hi"}}`},
			part{"file", "a.pdf", "application/pdf", "%PDF-1.7\n"}, part{"file", "a.pdf", "application/pdf", "%PDF-1.7\n%"})
		var made struct{ Data struct{ ID int64 } }
		if err := json.Unmarshal(got.Body, &made); err != nil || got.Status != http.StatusOK {
			t.Fatalf("answered %d %s, %v", got.Status, got.Body, err)
		}
		object := fmt.Sprintf("/streams/53211/objects/%d?includeChilds=true", made.Data.ID)
		if kind, text, files := newest(t, s, object); kind != 4 || text != "" || len(files) != 2 || files[0].Size != 9 || files[1].Size != 10 {
			t.Errorf("the child is %d %q with %+v", kind, text, files)
		}
		// A file alone, of a type that it tells itself, and beside a content.
		if got := post(t, s, childCall, nil, part{"", "a.png", "", pngOf(t, 2, 2)}); got.Status != http.StatusOK {
			t.Fatalf("answered %d %s", got.Status, got.Body)
		}
		if kind, text, files := newest(t, s, objectCall); kind != 2 || text != "" || len(files) != 1 {
			t.Errorf("the child is %d %q with %+v", kind, text, files)
		}
		if got := post(t, s, childCall, []string{`Content={"sessionId":"7"}`}, part{"", "b.txt", "", "b"}); got.Status != http.StatusOK {
			t.Fatalf("answered %d %s", got.Status, got.Body)
		}
		if _, _, files := newest(t, s, objectCall); len(files) != 1 || files[0].Name != "b.txt" {
			t.Errorf("beside a content: %+v", files)
		}
	})
}

// TestFilesRefused: nothing of what is refused is stored, neither file nor
// message, and nothing of it stays on the disk.
func TestFilesRefused(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			st := testserver.Open(t, engine)
			testserver.Import(t, st, harbourFixture)
			s := testserver.ServeWith(t, st, engine, testserver.Options{Blobs: onDisk(t, dir), FilesLimit: 3 << 20})
			before := export(t, st)
			photo := pngOf(t, 640, 400)
			many := make([]part, 21)
			for i := range many {
				many[i] = part{"file", "a.txt", "", "x"}
			}
			var fields []string
			for range 101 {
				fields = append(fields, "Message=x")
			}
			huge := []byte(photo)
			copy(huge[16:], "\x00\x01\x86\xa0\x00\x01\x86\xa0") // 100,000 pixels a side
			for name, c := range map[string]struct {
				path   string
				fields []string
				parts  []part
				want   int
			}{
				"mislabelled":         {childCall, []string{"Message=x"}, []part{{"", "a.png", "image/png", page}}, 400},
				"announced otherwise": {childCall, []string{"Message=x"}, []part{{"", "a", "image/png", page}}, 400},
				"a broken picture":    {childCall, []string{"Message=x"}, []part{{"", "a.png", "", photo[:99]}}, 400},
				"a huge picture":      {childCall, []string{"Message=x"}, []part{{"", "a.png", "", string(huge)}}, 400},
				"a good one before":   {childCall, []string{"Message=x"}, []part{{"", "a.png", "", photo}, {"", "b.png", "", page}}, 400},
				"too many files":      {childCall, []string{"Message=x"}, many, 400},
				"too many parts":      {childCall, fields, nil, 400},
				"a large file":        {childCall, []string{"Message=x"}, []part{{"", "a", "", strings.Repeat("x", 3<<20+1)}}, 413},
				"large fields":        {childCall, []string{"Message=" + strings.Repeat("x", 600<<10), "b=" + strings.Repeat("x", 600<<10)}, nil, 413},
				"a large body":        {childCall, nil, []part{{"", "a", "", strings.Repeat("x", 3<<20)}, {"", "b", "", strings.Repeat("x", 2<<20)}}, 413},
				"no object":           {"/streams/53211/objects/1/child", []string{"Message=x"}, []part{{"", "a.png", "", photo}}, 404},
				"no stream":           {"/streams/4/objects", []string{"Message=x", "UserIdentity=528986"}, []part{{"file", "a.png", "", photo}}, 404},
				"no customer":         {createCall, []string{"Message=x"}, []part{{"file", "a.png", "", photo}}, 400},
				"no such agent":       {childCall, []string{"Message=x", "IsManager=true", "UserIdentity=1"}, []part{{"", "a.png", "", photo}}, 400},
				"a NUL in the text":   {childCall, []string{"Message=a\x00b"}, []part{{"", "a.png", "", photo}}, 400},
				"not here":            {"/objects/293854/remarks", []string{"Text=x"}, []part{{"", "a.png", "", photo}}, 400},
				"large, not here":     {"/objects/293854/remarks", []string{"Text=x"}, []part{{"", "a", "", strings.Repeat("x", 2<<20)}}, 413},
			} {
				if got := post(t, s, c.path, c.fields, c.parts...); got.Status != c.want {
					t.Errorf("%s: answered %d %s, want %d", name, got.Status, got.Body, c.want)
				}
			}
			body, contentType := form(t, []string{"Message=x"}, part{"", "a.png", "", photo})
			for name, c := range map[string]struct {
				key, body, contentType string
				want                   int
			}{
				"no key":           {"", body, contentType, 401},
				"another's key":    {"other-site-key-0001", body, contentType, 404},
				"a reader's key":   {"harbour-reader-key-0001", body, contentType, 401},
				"cut off":          {harbourKey, body[:len(body)-200], contentType, 400},
				"cut in the field": {harbourKey, body[:60], contentType, 400},
				"no boundary":      {harbourKey, body, "multipart/form-data", 400},
				"long boundary":    {harbourKey, body, "multipart/form-data; boundary=" + strings.Repeat("b", 8000), 400},
				"other boundary":   {harbourKey, body, "multipart/form-data; boundary=other", 400},
				"headers":          {harbourKey, "--b\r\n" + strings.Repeat("X-A: b\r\n", 20_000) + "\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b", 400},
				"nested":           {harbourKey, "--b\r\nContent-Disposition: form-data; name=\"Message\"; filename=\"a\r\n\r\n--b\r\n\r\n", "multipart/mixed; boundary=b", 400},
				"nothing":          {harbourKey, "", contentType, 400},
			} {
				got := s.Send(t, http.MethodPost, childCall, c.body, "Authorization", "Bearer "+c.key, "Content-Type", c.contentType)
				if got.Status != c.want {
					t.Errorf("%s: answered %d %s, want %d", name, got.Status, got.Body, c.want)
				}
			}
			if after := export(t, st); !bytes.Equal(before, after) {
				t.Error("something was stored")
			}
			if left, err := filepath.Glob(filepath.Join(dir, "*", "*")); err != nil || len(left) > 0 {
				t.Errorf("files are left: %v, %v", left, err)
			}
			for _, account := range []int64{1, 2} {
				if noted, err := st.ListUploads(t.Context(), account, testserver.Now+1, 9); len(noted) > 0 || err != nil {
					t.Errorf("%d notes of account %d are left, %v", len(noted), account, err)
				}
			}
		})
	}
}

func onDisk(t *testing.T, dir string) *disk.Store {
	t.Helper()
	st, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// TestRepeatedFiles: a request that is made again with its key makes nothing,
// and one with other files is refused.
func TestRepeatedFiles(t *testing.T) {
	t.Parallel()
	testserver.Each(t, harbourFixture, func(t *testing.T, s *testserver.Server) {
		send := func(content string) testserver.Response {
			body, contentType := form(t, []string{"Message=x"}, part{"", "a.txt", "", content})
			return s.Send(t, http.MethodPost, childCall, body, "Authorization", "Bearer "+harbourKey, "Content-Type", contentType, "Idempotency-Key", "k")
		}
		one, again, other := send("x"), send("x"), send("y")
		if one.Status != http.StatusOK || again.Status != http.StatusOK || !bytes.Equal(one.Body, again.Body) {
			t.Errorf("answered %d %s, then %d %s", one.Status, one.Body, again.Status, again.Body)
		}
		if other.Status != http.StatusBadRequest {
			t.Errorf("with another file: answered %d %s", other.Status, other.Body)
		}
	})
}

// TestDeletedFiles: the files of a deleted message are not served any more.
func TestDeletedFiles(t *testing.T) {
	t.Parallel()
	testserver.Each(t, harbourFixture, func(t *testing.T, s *testserver.Server) {
		got := post(t, s, childCall, []string{childFields}, part{"", "a.png", "", pngOf(t, 640, 2)})
		var made struct{ Data struct{ ID int64 } }
		if err := json.Unmarshal(got.Body, &made); err != nil || got.Status != http.StatusOK {
			t.Fatalf("answered %d %s", got.Status, got.Body)
		}
		_, _, files := newest(t, s, objectCall)
		if r := s.Do(t, http.MethodGet, files[0].Path); r.Status != http.StatusOK {
			t.Fatalf("answered %d", r.Status)
		}
		attachments, err := s.Files.Links.Reader(s.Store).Attachments(t.Context(), 1, []int64{made.Data.ID})
		if err != nil || len(attachments) != 1 {
			t.Fatalf("%d attachments, %v", len(attachments), err)
		}
		thumbnail := s.Do(t, http.MethodGet, attachments[0].ThumbnailURL)
		if size, format, err := image.DecodeConfig(bytes.NewReader(thumbnail.Body)); err != nil || size.Width != 320 || "image/"+format != thumbnail.Header.Get("Content-Type") {
			t.Errorf("the thumbnail is %d, %+v %s, %v", thumbnail.Status, size, format, err)
		}
		writes := conversation.NewWrites(s.Store, func() core.Time { return testserver.Now })
		if _, err := writes.DeleteMessage(t.Context(), 1, conversation.Revision{ConversationID: 293854, EntryID: made.Data.ID, Actor: core.Actor{Type: core.ActorSystem}}); err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{files[0].Path, attachments[0].ThumbnailURL} {
			if r := s.Do(t, http.MethodGet, address); r.Status != http.StatusNotFound {
				t.Errorf("%s answered %d", address, r.Status)
			}
		}
	})
}

// TestFilesInBucket: files lie in a bucket, and their addresses lead there for a
// moment.
func TestFilesInBucket(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			bucket := blobtest.NewBucket(t)
			blobs, err := s3.New(s3.Options{
				Endpoint: bucket.Endpoint(), Bucket: blobtest.BucketName, Region: blobtest.Region, AccessKey: blobtest.AccessKey,
				SecretKey: blobtest.SecretKey, PathStyle: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			testserver.Secret(blobtest.SecretKey)
			st := testserver.Open(t, engine)
			testserver.Import(t, st, harbourFixture)
			s := testserver.ServeWith(t, st, engine, testserver.Options{Blobs: blobs, PublicURL: "https://help.example/parley/"})
			if got := post(t, s, childCall, []string{childFields}, part{"", "a.html", "", page}); got.Status != http.StatusOK {
				t.Fatalf("answered %d %s", got.Status, got.Body)
			}
			_, _, files := newest(t, s, objectCall)
			path, ok := strings.CutPrefix(files[0].Path, "https://help.example/parley")
			if !ok {
				t.Fatalf("the address is %s", files[0].Path)
			}
			wantRedirect(t, s, path)
			if names := bucket.Names(); len(names) != 1 {
				t.Errorf("the bucket holds %v", names)
			}
			bucket.Fail(true)
			if got := post(t, s, childCall, []string{childFields}, part{"", "a.txt", "", "x"}); got.Status != http.StatusInternalServerError {
				t.Errorf("without the bucket: answered %d %s", got.Status, got.Body)
			}
			if _, _, again := newest(t, s, objectCall); len(again) != 1 || again[0] != files[0] {
				t.Errorf("a message was stored without its file: %+v", again)
			}
		})
	}
}

func wantRedirect(t *testing.T, s *testserver.Server, path string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	var first http.Header
	client := &http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		first = maps.Clone(r.Response.Header)
		return nil
	}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || string(raw) != page || resp.Header.Get("Content-Type") != "text/html" || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("the bucket answered %d %v %q, %v", resp.StatusCode, resp.Header, raw, err)
	}
	if first.Get("Cache-Control") != "no-store" || !strings.Contains(first.Get("Location"), "X-Amz-Expires=300") {
		t.Errorf("redirected with %v", first)
	}
}

// TestFilesInBackup backs up a server while it works, with a file; a server on
// the restored data serves it at the same address.
func TestFilesInBackup(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine string) {
		from, to := place(t, engine), place(t, engine)
		from.PublicURL, to.PublicURL = "https://help.example", "https://help.example"
		var f storetest.Fixture
		var key string
		open(t, from, func(st store.Store) { f, key = fill(t, st) })
		running := start(t, from)
		photo := pngOf(t, 640, 400)
		address := sendFile(t, running, f, key, photo)
		if _, got := ask(t, "http://"+running.Addr.String()+address); got != photo {
			t.Errorf("the file has %d bytes, want %d", len(got), len(photo))
		}
		ops := app.NewOperations(running.Store, clock)
		ops.DataDir = from.DataDir
		dir := filepath.Join(t.TempDir(), "backup")
		if _, err := ops.Backup(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		if _, err := restore(t, to, app.RestoreOptions{Dir: dir}); err != nil {
			t.Fatal(err)
		}
		restored := start(t, to)
		if resp, got := ask(t, "http://"+restored.Addr.String()+address); got != photo {
			t.Errorf("the restored server answered %d with %d bytes, want %d", resp.StatusCode, len(got), len(photo))
		}
	})
}

// sendFile sends a picture as the contact of the chat, and returns where it is
// served, below the server's public URL https://help.example.
func sendFile(t *testing.T, s *app.Server, f storetest.Fixture, key, photo string) string {
	t.Helper()
	body, contentType := form(t, nil, part{"", "a.png", "", photo})
	object := fmt.Sprintf("http://%s/streams/%d/objects/%d", s.Addr, f.Web.ID, f.Chat.ID)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, object+"/child", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("answered %d", resp.StatusCode)
	}
	_, shown := ask(t, object+"?includeChilds=true", "Authorization", "Bearer "+key)
	address := regexp.MustCompile(`https://help\.example(/files/[^\\"]+)`).FindStringSubmatch(shown)
	if address == nil {
		t.Fatalf("the object shows no file: %s", shown)
	}
	return address[1]
}

// TestBucketOfTheSettings: with the settings of a bucket nothing is kept on the
// disk, also not for the time of the arrival.
func TestBucketOfTheSettings(t *testing.T) {
	t.Parallel()
	bucket := blobtest.NewBucket(t)
	cfg := place(t, store.SQLite)
	cfg.PublicURL, cfg.S3Endpoint, cfg.S3Bucket, cfg.S3Region = "https://help.example/", bucket.Endpoint(), blobtest.BucketName, blobtest.Region
	cfg.S3AccessKey, cfg.S3SecretKey, cfg.S3PathStyle = blobtest.AccessKey, blobtest.SecretKey, true
	if err := cfg.Check(); err != nil {
		t.Fatal(err)
	}
	var f storetest.Fixture
	var key string
	open(t, cfg, func(st store.Store) { f, key = fill(t, st) })
	s := start(t, cfg)
	photo := pngOf(t, 640, 400)
	address := sendFile(t, s, f, key, photo)
	if _, got := ask(t, "http://"+s.Addr.String()+address); got != photo {
		t.Errorf("the bucket has another file, of %d bytes", len(got))
	}
	names := bucket.Names()
	if len(names) != 2 || !strings.HasPrefix(names[0], "attachments/") || names[1] != names[0]+"-thumbnail" {
		t.Errorf("the bucket holds %v", names)
	}
	for _, folder := range []string{"attachments", "arriving"} {
		if left, err := filepath.Glob(filepath.Join(cfg.DataDir, folder, "*")); err != nil || len(left) > 0 {
			t.Errorf("on the disk: %v, %v", left, err)
		}
	}
}
