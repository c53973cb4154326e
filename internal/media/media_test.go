package media_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/media"
	"parley/internal/testkit"
)

func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "net/http", "parley/internal/store", "parley/internal/service", "parley/internal/dialect", "parley/internal/app")
}

func picture(w, h int, opaque bool) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			a := uint8(255)
			if !opaque && x < w/2 {
				a = 0
			}
			m.Set(x, y, color.NRGBA{uint8(x), uint8(y), 90, a})
		}
	}
	return m
}

func asPNG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// webp is a picture of one pixel.
const webp = "RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"

// size changes what the head of a PNG says of its size, and mends its checksum.
func size(raw []byte, w, h uint32) []byte {
	raw = bytes.Clone(raw)
	binary.BigEndian.PutUint32(raw[16:], w)
	binary.BigEndian.PutUint32(raw[20:], h)
	binary.BigEndian.PutUint32(raw[29:], crc32.ChecksumIEEE(raw[12:29]))
	return raw
}

func TestSniff(t *testing.T) {
	t.Parallel()
	small := picture(2, 2, true)
	for content, want := range map[string]string{
		string(asPNG(t, small)):  "image/png",
		string(asJPEG(t, small)): "image/jpeg",
		string(asGIF(t, small)):  "image/gif",
		webp:                     "image/webp",
		"%PDF-1.7\n":             "application/pdf",
		"<!DOCTYPE html><html><script>alert(1)</script>":                                         "text/html",
		"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>":                              "image/svg+xml",
		"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"x\"></svg>": "image/svg+xml",
		"Dear Sirs,\n":              "text/plain",
		"":                          "text/plain",
		"\x00\x01\x02\xff\xfe\x00x": "application/octet-stream",
	} {
		if got, err := media.Sniff(strings.NewReader(content)); err != nil || got != want {
			t.Errorf("%.40q is %q, %v; want %q", content, got, err, want)
		}
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, announced, sniffed string
		ok                       bool
	}{
		{"a.png", "image/png", "image/png", true},
		{"A.PNG", "", "image/png", true},
		{"a", "IMAGE/PNG; x=y", "image/png", true},
		{"a.png", "", "image/jpeg", false},
		{"a.png", "", "text/html", false},
		{"a.jpg.png", "", "image/jpeg", false},
		{"a", "image/png", "text/html", false},
		{"a.txt", "image/jpeg", "image/png", false},
		{"a.pdf", "", "text/html", false},
		{"a.pdf", "application/octet-stream", "application/pdf", true},
		{"a.mp3", "audio/mpeg", "application/octet-stream", true}, // frames without a head
		{"a.mp3", "audio/mpeg", "text/html", false},
		{"a.m4a", "audio/mp4", "video/mp4", true},
		{"a.mp4", "video/mp4", "application/zip", false},
		{"a.heic", "image/heic", "image/svg+xml", false},
		{"a.svg", "image/svg+xml", "image/svg+xml", true},
		{"a.html", "text/html", "text/html", true},
		{"a.log", "text/plain", "text/html", true}, // it is saved, and not shown
		{"a.docx", "", "application/zip", true},
		{"a.csv", "application/vnd.ms-excel", "text/plain", true},
		{"", "", "application/octet-stream", true},
	} {
		err := media.CheckLabel(c.name, c.announced, c.sniffed)
		if (err == nil) != c.ok || err != nil && core.KindOf(err) != core.Invalid {
			t.Errorf("%q announced as %q, which is %q: %v", c.name, c.announced, c.sniffed, err)
		}
	}
}

// TestInline: whatever can hold a script is saved, never shown.
func TestInline(t *testing.T) {
	t.Parallel()
	for mediaType, want := range map[string]string{
		"image/png": "image", "image/jpeg": "image", "image/gif": "image", "image/webp": "image", "audio/mpeg": "audio", "application/ogg": "audio",
		"video/mp4": "video", "video/webm": "video",
		"image/svg+xml": "file", "text/html": "file", "application/xhtml+xml": "file", "text/xml": "file", "application/pdf": "file",
		"text/plain": "file", "text/javascript": "file", "application/octet-stream": "file", "image/x-unknown": "file", "": "file",
	} {
		if got := media.Kind(mediaType); got != want || media.Inline(mediaType) != (want != "file") {
			t.Errorf("%q is a %s, inline %t", mediaType, got, media.Inline(mediaType))
		}
		how, _, _ := strings.Cut(media.Disposition("a", mediaType), ";")
		if (how == "inline") != (want != "file") {
			t.Errorf("%q: %s", mediaType, how)
		}
	}
	if got := media.Disposition("Rechnung \"Mai\"\r\nX: ü.pdf", "application/pdf"); strings.ContainsAny(got, "\r\n") {
		t.Errorf("the header is %q", got)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 300)
	for given, want := range map[string]string{
		"a.png": "a.png", `C:\Users\x\a b.png`: "a b.png", "../../etc/passwd": "passwd", "/": "file.png", "..": "file.png", "": "file.png", " . ": "file.png",
		"a\x00b\r\n.png": "ab.png", "invoice\u202egnp.exe": "invoicegnp.exe", "\u200b": "file.png", "a\xffb": "ab", ".htaccess": "htaccess",
		long + ".jpeg": strings.Repeat("ü", 195) + ".jpeg", "a." + long: "a." + strings.Repeat("ü", 198),
	} {
		if got := media.Name(given, "image/png"); got != want {
			t.Errorf("%.40q became %q, want %q", given, got, want)
		}
	}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mediaType string
		raw       []byte
		w, h      int
		thumb     string // type, "" = none
	}{
		"png":         {"image/png", asPNG(t, picture(640, 480, true)), 640, 480, "image/jpeg"},
		"transparent": {"image/png", asPNG(t, picture(640, 480, false)), 640, 480, "image/jpeg"},
		"jpeg":        {"image/jpeg", asJPEG(t, picture(400, 10, true)), 400, 10, "image/jpeg"},
		"thin":        {"image/png", asPNG(t, picture(1, 2000, true)), 1, 2000, "image/jpeg"},
		"small":       {"image/gif", asGIF(t, picture(320, 320, true)), 320, 320, ""},
		"webp":        {"image/webp", []byte(webp), 1, 1, ""},
		"none":        {"application/pdf", []byte("%PDF-1.7"), 0, 0, ""},
	} {
		got, err := media.Measure(t.Context(), c.mediaType, bytes.NewReader(c.raw))
		if err != nil || got.Width != c.w || got.Height != c.h {
			t.Errorf("%s: %d x %d, %v", name, got.Width, got.Height, err)
			continue
		}
		if c.thumb == "" {
			if got.Thumbnail != nil {
				t.Errorf("%s: has a thumbnail", name)
			}
			continue
		}
		small, format, err := image.DecodeConfig(bytes.NewReader(got.Thumbnail))
		if err != nil || "image/"+format != c.thumb || max(small.Width, small.Height) != core.ThumbnailSide {
			t.Errorf("%s: the thumbnail is %d x %d %s, %v", name, small.Width, small.Height, format, err)
		}
	}
}

// TestBombs: pictures that would take the server's memory or time, and what
// only looks like a picture, are refused.
func TestBombs(t *testing.T) {
	t.Parallel()
	whole := asPNG(t, picture(640, 480, true))
	for name, c := range map[string]struct {
		mediaType string
		raw       []byte
	}{
		"huge":           {"image/png", size(whole, 60_000, 60_000)},
		"beyond int32":   {"image/png", size(whole, 1<<31-1, 1<<31-1)},
		"long":           {"image/png", size(whole, 20_001, 1)},
		"many pixels":    {"image/png", size(whole, 10_000, 5_001)},
		"empty":          {"image/png", size(whole, 0, 480)},
		"torn":           {"image/png", whole[:len(whole)/2]},
		"more than said": {"image/png", size(whole, 640, 1)},
		"less than said": {"image/png", size(whole, 640, 4_800)},
		"head alone":     {"image/jpeg", []byte("\xff\xd8\xff\xe0\x00\x10JFIF")},
		"another format": {"image/jpeg", whole},
		"huge gif":       {"image/gif", []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00")},
		"no webp":        {"image/webp", []byte("RIFF\xff\xff\xff\xffWEBPVP8 ")},
		"nothing":        {"image/png", nil},
	} {
		if p, err := media.Measure(t.Context(), c.mediaType, bytes.NewReader(c.raw)); err == nil || core.KindOf(err) != core.Invalid {
			t.Errorf("%s: %d x %d, %v", name, p.Width, p.Height, err)
		}
	}
}

// FuzzMeasure looks for a picture that makes a decoder panic, or that is larger
// than it said.
func FuzzMeasure(f *testing.F) {
	f.Add([]byte(webp))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		mediaType, err := media.Sniff(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if p, err := media.Measure(t.Context(), mediaType, bytes.NewReader(raw)); err != nil && core.KindOf(err) != core.Invalid {
			t.Errorf("%s of %d x %d: %v", mediaType, p.Width, p.Height, err)
		}
	})
}
