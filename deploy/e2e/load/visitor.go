package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// played contains the members of the response to a play that load checks.
type played struct {
	ID      string `json:"id"`
	Index   uint64 `json:"index"`
	Account string `json:"account"`
}

// visitors simulates visitors who play in a campaign and view their draws.
type visitors struct {
	options
	client *http.Client
	tally  *tally
}

// visit makes visitor n view a page, play, and view the draw.
func (v visitors) visit(n int) {
	if !v.onlyPlays {
		v.look(n)
	}
	play, ok := v.play(n)
	if !ok || v.onlyPlays {
		return
	}
	answer, err := v.retry(http.MethodGet, "/v1/draws/"+play.ID, nil, "", http.StatusOK)
	if err != nil {
		v.tally.failed("look", err)
		return
	}
	var shown played
	if err := json.Unmarshal(answer, &shown); err != nil || shown != play {
		v.tally.wrong(fmt.Errorf("draw %v is shown as %v", play, shown))
	}
}

// look requests the page of the campaign, or a response from one of the services.
func (v visitors) look(n int) {
	looks := []string{"/c/" + v.campaign, "/v1/text?count=2", "/v1/number?count=2", "/v1/prize/status", "/v1/campaigns/" + v.campaign}
	if _, err := v.retry(http.MethodGet, looks[n%len(looks)], nil, "", http.StatusOK); err != nil {
		v.tally.failed("look", err)
	}
}

// play makes a play for visitor n and reports whether it succeeded.
func (v visitors) play(n int) (play played, ok bool) {
	body, err := json.Marshal(map[string]any{"campaign": v.campaign, "entrant": map[string]string{"first_name": "Visitor", "last_name": "No. " + strconv.Itoa(n)}})
	if err != nil {
		panic(err) // cannot fail, because the values are strings
	}
	started := time.Now()
	answer, err := v.retry(http.MethodPost, "/v1/draws", body, rand.Text(), http.StatusCreated)
	if err == nil {
		err = json.Unmarshal(answer, &play)
	}
	if err != nil {
		v.tally.failed("play", err)
		return played{}, false
	}
	v.tally.answered(play, time.Since(started))
	return play, true
}

// retry sends a request until it succeeds or fails permanently, or until v.patience has
// passed.
func (v visitors) retry(method, path string, body []byte, key string, want int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), v.patience)
	defer cancel()
	pause := 200 * time.Millisecond
	for first := true; ; first = false {
		answer, wait, err := v.send(ctx, method, path, body, key, want)
		if err == nil {
			return answer, nil
		}
		if first {
			v.tally.firstTryFailed(method+" "+route(path), err)
		}
		if wait < 0 {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s %s: gave up: %w", method, path, err)
		case <-time.After(max(pause, wait)):
			pause = min(2*pause, 2*time.Second)
		}
	}
}

// send sends a request once. If it fails, wait is the time to wait before the next attempt;
// a negative wait means that another attempt would be useless.
func (v visitors) send(ctx context.Context, method, path string, body []byte, key string, want int) (answer []byte, wait time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, method, v.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, -1, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	v.tally.requests.Add(1)
	response, err := v.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	switch code := response.StatusCode; {
	case err != nil:
		return nil, 0, err
	case code == want || code == http.StatusOK && want == http.StatusCreated: // the response to a repeated play
		return answer, 0, nil
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusConflict && key != "":
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // 0 if the header is missing
		return nil, time.Duration(seconds) * time.Second, fmt.Errorf("%s: %.200s", response.Status, answer)
	default:
		return nil, -1, fmt.Errorf("%s: %.200s", response.Status, answer)
	}
}

// route returns path without the segments that differ between requests.
func route(path string) string {
	if len(path) > len("/v1/draws/") && path[:len("/v1/draws/")] == "/v1/draws/" {
		return "/v1/draws/ID"
	}
	return path
}
