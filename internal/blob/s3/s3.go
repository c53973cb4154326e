// Package s3 keeps files as objects of one bucket of any S3-compatible service.
// The service makes a put object whole and durable before it answers.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"parley/internal/blob"
	"parley/internal/core"
)

// Options name a bucket and who may use it.
type Options struct {
	Endpoint  string // URL of the service: http(s)://host[:port]
	Bucket    string
	Region    string // "" = us-east-1
	AccessKey string
	SecretKey string
	// PathStyle puts the bucket into the path of addresses and not into the name
	// of the host, which self-hosted services often ask for.
	PathStyle bool
	// Prefix begins the name of every object, "" = none.
	Prefix string
}

// Store keeps files in a bucket.
type Store struct {
	client *minio.Client
	bucket string
	prefix string
}

// defaultRegion is what services without regions are told.
const defaultRegion = "us-east-1"

// maxRetries is how often a call is tried that the service did not answer: a
// caller waits for it.
const maxRetries = 3

// New returns the store in a bucket that exists. It does not speak to the
// service.
func New(o Options) (*Store, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || o.Bucket == "" {
		return nil, errors.New("an S3 store needs the URL of the service and the name of a bucket")
	}
	if o.Region == "" {
		o.Region = defaultRegion
	}
	lookup := minio.BucketLookupDNS
	if o.PathStyle {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(o.AccessKey, o.SecretKey, ""),
		Secure: u.Scheme == "https", Region: o.Region, BucketLookup: lookup, MaxRetries: maxRetries,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare S3 store: %w", err)
	}
	return &Store{client: client, bucket: o.Bucket, prefix: o.Prefix}, nil
}

// object is the name of a key's object.
func (s *Store) object(key string) (string, error) {
	if err := blob.Check(key); err != nil {
		return "", err
	}
	return s.prefix + key, nil
}

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, sizeBytes int64) error {
	name, err := s.object(key)
	if err != nil {
		return err
	}
	// The type is not told: addresses name it when they are made.
	_, err = s.client.PutObject(ctx, s.bucket, name, r, sizeBytes, minio.PutObjectOptions{
		ContentType: "application/octet-stream", DisableMultipart: true,
	})
	return failure("store file", err)
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	name, err := s.object(key)
	if err != nil {
		return nil, err
	}
	o, err := s.client.GetObject(ctx, s.bucket, name, minio.GetObjectOptions{})
	if err != nil {
		return nil, failure("open file", err)
	}
	if _, err := o.Stat(); err != nil { // the first call that asks the service
		return nil, errors.Join(failure("open file", err), o.Close())
	}
	return o, nil
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	name, err := s.object(key)
	if err != nil {
		return err
	}
	err = failure("remove file", s.client.RemoveObject(ctx, s.bucket, name, minio.RemoveObjectOptions{}))
	if err != nil && core.KindOf(err) == core.NotFound {
		return nil
	}
	return err
}

// Link implements blob.Store. It signs the address without asking the service.
func (s *Store) Link(ctx context.Context, key string, h blob.Headers, valid time.Duration) (string, error) {
	name, err := s.object(key)
	if err != nil {
		return "", err
	}
	u, err := s.client.PresignedGetObject(ctx, s.bucket, name, valid, url.Values{
		"response-content-type": {h.ContentType}, "response-content-disposition": {h.ContentDisposition},
	})
	if err != nil {
		return "", failure("link file", err)
	}
	return u.String(), nil
}

// failure says what kind an error of the service is; nil stays nil.
func failure(what string, err error) error {
	if err == nil {
		return nil
	}
	told := minio.ToErrorResponse(err)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case told.StatusCode == http.StatusNotFound && told.Code != "NoSuchBucket":
		return core.Absent("file")
	case told.StatusCode == 0, told.StatusCode >= http.StatusInternalServerError, told.StatusCode == http.StatusTooManyRequests:
		return &core.Error{Kind: core.Unavailable, Message: "the store of files does not answer", Err: fmt.Errorf("%s: %w", what, err)}
	}
	return fmt.Errorf("%s: %w", what, err) // refused keys, an absent bucket: the operator's to mend
}
