package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// service calls /v1 for what is not measured.
type service struct {
	base   string
	client *http.Client
}

func newService(base string, timeout time.Duration) *service {
	return &service{base, &http.Client{Timeout: timeout, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
}

// call sends a request with a JSON body, nil = none, and reads the answer into
// out unless that is nil.
func (s *service) call(ctx context.Context, method, path, token string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, &body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: status %d: %.300s", method, path, res.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// events returns the ids of what happened behind a cursor, as far as a token
// sees it.
func (s *service) events(ctx context.Context, token, after string) ([]string, error) {
	var ids []string
	for {
		var page struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
			Next string `json:"next_cursor"`
		}
		if err := s.call(ctx, http.MethodGet, "/v1/events?limit=500&after="+url.QueryEscape(after), token, nil, &page); err != nil {
			return nil, err
		}
		if len(page.Data) == 0 && page.Next == after {
			return ids, nil
		}
		for _, e := range page.Data {
			ids = append(ids, e.ID)
		}
		after = page.Next
	}
}
