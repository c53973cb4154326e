package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // these are the pictures that are read
	"image/jpeg"
	_ "image/png" // see above
	"io"
	"time"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // see above

	"parley/internal/core"
)

// Bounds of a picture. One of the most pixels takes 200 MB while it is decoded.
const (
	maxSide   = 20_000
	maxPixels = 50_000_000
	// decodeTimeout ends pictures that are made to be decoded for ever.
	decodeTimeout = 30 * time.Second
)

// ThumbnailType is the type of every thumbnail.
const ThumbnailType = "image/jpeg"

// thumbnailQuality is that of thumbnails, in percent.
const thumbnailQuality = 80

// measured are the types of pictures that are decoded; the formats of their
// names are the image package's.
var measured = map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true}

// Picture is what is known of a picture.
type Picture struct {
	Width, Height int
	// Thumbnail is the picture at no more than core.ThumbnailSide pixels a side,
	// as ThumbnailType, on white; nil for pictures that are no larger themselves.
	Thumbnail []byte
}

// decoding lets one picture be decoded at a time, for the memory that it takes.
var decoding = make(chan struct{}, 1)

// Measure looks at a picture of the type. It returns the zero value for content
// of types that are no pictures, and core.Invalid for what cannot be read whole,
// or has too many pixels.
func Measure(ctx context.Context, mediaType string, r io.ReadSeeker) (Picture, error) {
	if !measured[mediaType] {
		return Picture{}, nil
	}
	config, format, err := image.DecodeConfig(r)
	if err != nil || "image/"+format != mediaType {
		return Picture{}, broken(err)
	}
	p := Picture{Width: config.Width, Height: config.Height}
	if p.Width < 1 || p.Height < 1 || p.Width > maxSide || p.Height > maxSide || p.Width*p.Height > maxPixels {
		return Picture{}, core.Refuse("file", fmt.Sprintf("a picture has at most %d pixels, and %d a side", maxPixels, maxSide))
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return Picture{}, fmt.Errorf("read picture: %w", err)
	}
	select {
	case decoding <- struct{}{}:
		defer func() { <-decoding }()
	case <-ctx.Done():
		return Picture{}, ctx.Err()
	}
	timed, cancel := context.WithTimeout(ctx, decodeTimeout)
	defer cancel()
	whole, err := decode(timed, r)
	switch {
	case ctx.Err() != nil:
		return Picture{}, ctx.Err()
	case err != nil:
		return Picture{}, broken(err)
	}
	p.Thumbnail, err = thumbnail(whole)
	return p, err
}

// decode decodes a picture; of an animation the first one. What makes a decoder
// panic is a broken picture.
func decode(ctx context.Context, r io.Reader) (whole image.Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the decoder panicked: %v", p)
		}
	}()
	whole, _, err = image.Decode(until{ctx, r})
	return whole, err
}

// thumbnail makes a small picture of a large one, nil of a small one.
func thumbnail(whole image.Image) ([]byte, error) {
	b := whole.Bounds()
	w, h := core.ThumbnailSize(b.Dx(), b.Dy())
	if w == b.Dx() && h == b.Dy() {
		return nil, nil
	}
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(small, small.Bounds(), whole, b, draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return nil, fmt.Errorf("write thumbnail: %w", err)
	}
	return out.Bytes(), nil
}

// broken is the refusal of a picture that cannot be read.
func broken(err error) error {
	if err == nil {
		err = errors.New("it has another format")
	}
	return &core.Error{Kind: core.Invalid, Field: "file", Message: "the picture cannot be read", Err: err}
}

// until is a reader that ends with the context: decoders know none.
type until struct {
	ctx context.Context //nolint:containedctx // of the one picture that it is made for
	r   io.Reader
}

// Read implements io.Reader.
func (u until) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(b)
}
