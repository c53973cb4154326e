package media

import (
	"errors"
	"io"
	"mime"
	"path/filepath"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"parley/internal/core"
)

// sniffBytes is how much of a file decides about its type. Office documents
// tell their kind late in the archive that they are.
const sniffBytes = 64 << 10

// Sniff returns the media type of content, without parameters:
// application/octet-stream where nothing tells it.
func Sniff(r io.Reader) (string, error) {
	head := make([]byte, sniffBytes)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	return bare(mimetype.Detect(head[:n]).String()), nil
}

// bare is a media type without its parameters.
func bare(mediaType string) string {
	base, _, _ := strings.Cut(mediaType, ";")
	return strings.ToLower(strings.TrimSpace(base))
}

// marked are the types whose content always begins with their mark: a file that
// is called one of them and has no such mark is something else. By the end of
// the name.
var marked = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jfif": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp",
	".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff", ".pdf": "application/pdf",
}

// families are ends of names whose content has too many forms to know each:
// what is surely of another family is something else.
var families = map[string]string{
	".mp3": "audio", ".m4a": "audio", ".aac": "audio", ".ogg": "audio", ".oga": "audio", ".opus": "audio", ".wav": "audio", ".amr": "audio",
	".flac": "audio", ".mp4": "video", ".m4v": "video", ".mov": "video", ".webm": "video", ".avi": "video", ".mkv": "video", ".3gp": "video",
	".heic": "image", ".heif": "image", ".avif": "image", ".ico": "image",
}

// CheckLabel refuses, as core.Invalid, a file whose name or whose announced type
// ("" = none) says that it is something else than it is: who opens an invoice
// must not meet a script. Labels that promise nothing (a type unknown here, or
// any data) are not believed and do no harm.
func CheckLabel(name, announced, sniffed string) error {
	end := strings.ToLower(filepath.Ext(name))
	announced = bare(announced)
	for _, want := range marked {
		if announced == want && sniffed != want {
			return mislabelled()
		}
	}
	if want, ok := marked[end]; ok && sniffed != want {
		return mislabelled()
	}
	for _, family := range []string{families[end], familyOf(announced)} {
		if family != "" && !couldBe(family, sniffed) {
			return mislabelled()
		}
	}
	return nil
}

// familyOf is the family that an announced type belongs to, "" for none of
// those that are judged. Drawings are texts.
func familyOf(mediaType string) string {
	family, _, _ := strings.Cut(mediaType, "/")
	if family == "audio" || family == "video" || (family == "image" && mediaType != svg) {
		return family
	}
	return ""
}

const svg = "image/svg+xml"

// couldBe tells whether content of the sniffed type may pass for one of the
// family. Containers of sound and film are told apart by what is in them, so
// each may pass for the other; and what nothing tells may be anything.
func couldBe(family, sniffed string) bool {
	switch is := familyOf(sniffed); {
	case sniffed == "application/octet-stream":
		return true
	case family == "image":
		return is == "image"
	default:
		return is == "audio" || is == "video" || sniffed == "application/ogg"
	}
}

func mislabelled() error {
	return core.Refuse("file", "is not what its name or its type says")
}

// Kind is the kind of attachment that a type is: image, audio, video or file.
// An image is one that browsers show as a picture and nothing else.
func Kind(mediaType string) string {
	switch {
	case mediaType == "application/ogg":
		return "audio"
	case familyOf(mediaType) == "":
		return "file"
	case familyOf(mediaType) == "image" && !measured[mediaType]:
		return "file"
	}
	return familyOf(mediaType)
}

// Inline tells whether content of the type may be shown in place: pictures,
// sound and film, which cannot hold a script. Everything else is saved.
func Inline(mediaType string) bool { return Kind(mediaType) != "file" }

// longestName bounds a file's name, in characters.
const longestName = 200

// Name is the name of a file as it may be kept and shown: the last part of what
// the sender called it, on whatever system, without characters that are
// invisible or turn the direction of writing. One without a name is called
// file, with an end that fits the type.
func Name(given, mediaType string) string {
	if i := strings.LastIndexAny(given, `/\`); i >= 0 {
		given = given[i+1:]
	}
	given = strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) || r == '\uFFFD' || (r >= 0x200b && r <= 0x200f) || (r >= 0x2028 && r <= 0x202e) ||
			(r >= 0x2060 && r <= 0x206f) || r == '\uFEFF' {
			return -1
		}
		return r
	}, given)
	given = strings.Trim(given, " .")
	if runes := []rune(given); len(runes) > longestName {
		end := []rune(filepath.Ext(given))
		if len(end) > longestName/10 {
			end = nil
		}
		given = string(runes[:longestName-len(end)]) + string(end)
	}
	if given != "" {
		return given
	}
	if m := mimetype.Lookup(mediaType); m != nil {
		return "file" + m.Extension()
	}
	return "file"
}

// Disposition is the header that makes a browser show or save a file under its
// name.
func Disposition(name, mediaType string) string {
	how := "attachment"
	if Inline(mediaType) {
		how = "inline"
	}
	if told := mime.FormatMediaType(how, map[string]string{"filename": name}); told != "" {
		return told
	}
	return how
}
