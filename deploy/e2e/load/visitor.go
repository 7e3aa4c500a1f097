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

// played is what is kept of the answer to a play.
type played struct {
	ID      string `json:"id"`
	Index   uint64 `json:"index"`
	Account string `json:"account"`
}

// visitors come, play, and look at what they won.
type visitors struct {
	options
	client *http.Client
	tally  *tally
}

// visit is one visitor, who looks, plays, and looks at the draw.
func (v visitors) visit(n int) {
	if !v.onlyPlays {
		v.look(n)
	}
	play, ok := v.play(n)
	if !ok || v.onlyPlays {
		return
	}
	answer, err := v.try(http.MethodGet, "/v1/draws/"+play.ID, nil, "", http.StatusOK)
	if err != nil {
		v.tally.failed("look", err)
		return
	}
	var again played
	if err := json.Unmarshal(answer, &again); err != nil || again != play {
		v.tally.wrong(fmt.Errorf("the draw %v is shown as %v", play, again))
	}
}

// look asks for the page of the campaign, or something of one of the services.
func (v visitors) look(n int) {
	looks := []string{"/c/" + v.campaign, "/v1/text?count=2", "/v1/number?count=2", "/v1/prize/status", "/v1/campaigns/" + v.campaign}
	if _, err := v.try(http.MethodGet, looks[n%len(looks)], nil, "", http.StatusOK); err != nil {
		v.tally.failed("look", err)
	}
}

// play makes a draw.
func (v visitors) play(n int) (play played, ok bool) {
	body, err := json.Marshal(map[string]any{"campaign": v.campaign, "entrant": map[string]string{"first_name": "Visitor", "last_name": "No. " + strconv.Itoa(n)}})
	if err != nil {
		panic(err) // it is text
	}
	started := time.Now()
	answer, err := v.try(http.MethodPost, "/v1/draws", body, rand.Text(), http.StatusCreated)
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

// try sends a request until it is answered, or patience has ended.
func (v visitors) try(method, path string, body []byte, key string, want int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), v.patience)
	defer cancel()
	pause := 200 * time.Millisecond
	for first := true; ; first = false {
		answer, wait, err := v.send(ctx, method, path, body, key, want)
		if err == nil {
			return answer, nil
		}
		if first {
			v.tally.trouble(method+" "+place(path), err)
		}
		if wait < 0 {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s %s, given up: %w", method, path, err)
		case <-time.After(max(pause, wait)):
			pause = min(2*pause, 2*time.Second)
		}
	}
}

// send sends a request once. wait is how long to wait before the next try, negative
// where there is no use in one.
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
	case code == want || code == http.StatusOK && want == http.StatusCreated: // an answer that was lost is given again
		return answer, 0, nil
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusConflict && key != "":
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // none is no time
		return nil, time.Duration(seconds) * time.Second, fmt.Errorf("%s: %.200s", response.Status, answer)
	default:
		return nil, -1, fmt.Errorf("%s: %.200s", response.Status, answer)
	}
}

// place is a path without what differs between requests.
func place(path string) string {
	if len(path) > len("/v1/draws/") && path[:len("/v1/draws/")] == "/v1/draws/" {
		return "/v1/draws/ID"
	}
	return path
}
