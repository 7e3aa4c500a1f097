package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// handler returns the handler of a server with all roles that deploys the given rules.
func handler(t testing.TB, deployed string) http.Handler {
	t.Helper()
	return servertest.New(t, serve.All, servertest.WithFormats(t, "upper2", "digits8"), servertest.WithRules(deployed), servertest.Quiet).Handler()
}

const summer = "name: summer\ncurrency: EUR\nrules:\n- match: 'Q\"|^A'\n  prizes: [{prize: 'A \"mug\" & more', chance: 1/3}]\n- match: '[0-9]'\n  prizes: [{win: 1, chance: 1/7}]\n"

func textFormat(t testing.TB, name string) textgen.Format {
	t.Helper()
	f, err := textgen.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func numberFormat(t testing.TB, name string) numgen.Format {
	t.Helper()
	f, err := numgen.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// localTexts returns the first count texts in the format lower4 for the zero key.
func localTexts(t testing.TB, count uint64) string {
	t.Helper()
	texts, err := draw.Local{}.Texts(t.Context(), nil, textFormat(t, "lower4"), entropy.Range{Count: count})
	if err != nil {
		t.Fatal(err)
	}
	return string(texts)
}

// newClient returns a client that calls a handler over a real connection.
func newClient(t testing.TB, h http.Handler) *remote.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	t.Cleanup(transport.CloseIdleConnections)
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return remote.New(remote.Config{Text: base, Number: base, Prize: base, Core: base, Transport: transport, Timeout: 5 * time.Minute})
}

// ndjson makes draws and returns them as NDJSON.
func ndjson(t testing.TB, g draw.Generator, spec draw.Spec) string {
	t.Helper()
	var out bytes.Buffer
	encoding := draw.NDJSON(&spec)
	err := draw.Run(t.Context(), g, spec, nil, func(b *draw.Batch) error {
		_, err := out.Write(encoding.Append(nil, b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestDrawsEqualLocalDraws(t *testing.T) {
	client := newClient(t, handler(t, summer))
	own, err := prize.Parse("own", []byte(summer))
	if err != nil {
		t.Fatal(err)
	}
	rules := []*prize.Rules{own}
	for _, name := range prize.Builtins() {
		r, err := prize.Builtin(name)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	for _, formats := range [][2]string{{"lower4", "digits4"}, {"upper2", "digits8"}, {`[Q"\]3`, "[01]5"}, {"lower20", "digits30"}} {
		for _, r := range rules {
			for _, start := range []uint64{0, 1<<64 - 9001} {
				spec := draw.Spec{Seed: "42", Start: start, Count: 9001, Text: textFormat(t, formats[0]), Number: numberFormat(t, formats[1]), Rules: r}
				if got, want := ndjson(t, client, spec), ndjson(t, draw.Local{}, spec); got != want {
					t.Errorf("formats %v, rules %s, from index %d: draws differ from local draws", formats, r.Name, start)
				}
			}
		}
	}
}

func TestRangesLongerThanARequest(t *testing.T) {
	client := newClient(t, handler(t, summer))
	f := textFormat(t, "lower4")
	for _, n := range []uint64{0, 1, wire.MaxCount, wire.MaxCount + 1, 2*wire.MaxCount + 77} {
		r := entropy.Seed("42").Range(entropy.Text, 5, n)
		got, err := client.Texts(t.Context(), []byte("before"), f, r)
		want, _ := draw.Local{}.Texts(t.Context(), []byte("before"), f, r)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d texts: got %d bytes and error %v, want the %d bytes of draw.Local", n, len(got), err, len(want))
		}
	}
	tooFar := entropy.Range{Start: 1<<64 - 1, Count: 2}
	var accounts prize.Accounts
	rules, err := prize.Builtin(prize.Modest)
	if err != nil {
		t.Fatal(err)
	}
	_, textErr := client.Texts(t.Context(), nil, f, tooFar)
	_, prizeErr := client.Prizes(t.Context(), nil, rules, &accounts, tooFar)
	if !errors.Is(textErr, entropy.ErrRange) || !errors.Is(prizeErr, entropy.ErrRange) {
		t.Errorf("ranges past the last index: got errors %v and %v, want ErrRange", textErr, prizeErr)
	}
}

func TestDeployedFormatsAndRules(t *testing.T) {
	client := newClient(t, handler(t, summer))
	text, err := client.TextFormat(t.Context())
	if err != nil || text.String() != "upper2" {
		t.Errorf("TextFormat = %s, error %v, want upper2", text, err)
	}
	number, err := client.NumberFormat(t.Context())
	if err != nil || number.String() != "digits8" {
		t.Errorf("NumberFormat = %s, error %v, want digits8", number, err)
	}
	for range 2 { // the second time from the cache
		rules, err := client.Rules(t.Context(), "")
		if err != nil || rules.Name != "summer" || string(rules.Source()) != summer {
			t.Errorf("Rules(\"\") = %v, error %v, want summer", rules, err)
		}
	}
	if rules, err := client.Rules(t.Context(), "modest"); err != nil || rules.Name != "modest" {
		t.Errorf("Rules(modest) = %v, error %v, want modest", rules, err)
	}
	if _, err := client.Rules(t.Context(), "winter"); !errors.Is(err, prize.ErrUnknownRules) {
		t.Errorf("Rules(winter): got error %v, want ErrUnknownRules", err)
	}
	answer, err := client.Draws(t.Context(), &wire.DrawsRequest{Count: 2, Seed: "42"})
	if err != nil || len(answer.Draws) != 2 || answer.Draws[1].Rules != "summer" {
		t.Errorf("Draws = %v, error %v, want 2 draws by rules summer", answer, err)
	}
	if _, err := client.Draws(t.Context(), &wire.DrawsRequest{Count: 1, TextFormat: "lower0"}); !errors.Is(err, partgen.ErrFormat) {
		t.Errorf("Draws in format lower0: got error %v, want ErrFormat", err)
	}
	none := remote.New(remote.Config{})
	if _, err := none.Status(t.Context(), remote.Core); err == nil || none.Address(remote.Core) != nil {
		t.Errorf("Status of a core without an address: got no error, want one")
	}
}

// TestRulesUnknownToTheServiceAreSent checks that if the service has different rules of the
// same name, the client sends the rules themselves in a second request, and from then on in
// the first.
func TestRulesUnknownToTheServiceAreSent(t *testing.T) {
	inner := handler(t, strings.Replace(summer, "1/7", "1/8", 1))
	var bodies []string
	var mu sync.Mutex
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		_, _ = b.ReadFrom(r.Body)
		mu.Lock()
		bodies = append(bodies, b.String())
		mu.Unlock()
		r.Body = http.NoBody
		clone := r.Clone(r.Context())
		clone.Body = readCloser{&b}
		inner.ServeHTTP(w, clone)
	}))
	own, err := prize.Parse("own", []byte(summer))
	if err != nil {
		t.Fatal(err)
	}
	var accounts prize.Accounts
	accounts.Append("A1")
	for range 2 {
		if _, err := client.Prizes(t.Context(), nil, own, &accounts, entropy.Range{Count: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if len(bodies) != 3 || strings.Contains(bodies[0], "rules_yaml") || !strings.Contains(bodies[1], "rules_yaml") || !strings.Contains(bodies[2], "rules_yaml") {
		t.Errorf("requests: got %d, want 3, the second and the third with rules_yaml:\n%s", len(bodies), strings.Join(bodies, "\n"))
	}
}

type readCloser struct{ *bytes.Buffer }

func (readCloser) Close() error { return nil }

func TestInvalidResponses(t *testing.T) {
	rules, err := prize.Builtin(prize.Generous)
	if err != nil {
		t.Fatal(err)
	}
	sum := `{"rules":"generous","rules_sha256":"` + rules.SHA256() + `","outcomes":`
	for name, test := range map[string]struct {
		status       int
		answer, want string
	}{
		"another format":      {200, `{"format":"lower5","texts":["aaaaa"]}`, `format "lower5"`},
		"too few":             {200, `{"format":"lower4","texts":[]}`, "contains 0 parts"},
		"too many":            {200, `{"format":"lower4","texts":["aaaa","bbbb"]}`, "contains 2 parts"},
		"too long":            {200, `{"format":"lower4","texts":["aaaaa"]}`, "of 5 characters"},
		"other letters":       {200, `{"format":"lower4","texts":["AAAA"]}`, "which is not in format"},
		"a web page":          {200, `<html>`, "invalid character"},
		"nothing":             {200, ``, "EOF"},
		"another server":      {404, `not here`, "404 Not Found without a reason"},
		"a redirect":          {302, ``, "302 Found without a reason"},
		"a failure":           {500, `{}`, "500 Internal Server Error"},
		"other rules":         {200, `{"rules":"generous","rules_sha256":"00","outcomes":[]}`, `SHA-256 "00"`},
		"no outcome":          {200, sum + `[]}`, "0 outcomes, want 1"},
		"another account":     {200, sum + `[{"account":"zzzz","rule":null,"prize":null}]}`, `account number "zzzz"`},
		"an unknown outcome":  {200, sum + `[{"account":"aaaa","rule":"none","prize":null}]}`, "does not exist in rules"},
		"outcomes as numbers": {200, sum + `[1]}`, "json"},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.answer))
			}))
			var accounts prize.Accounts
			accounts.Append("aaaa")
			_, err := client.Texts(t.Context(), nil, textFormat(t, "lower4"), entropy.Range{Count: 1})
			if strings.Contains(test.answer, "outcomes") {
				_, err = client.Prizes(t.Context(), nil, rules, &accounts, entropy.Range{Count: 1})
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "service at http://127.0.0.1:") {
				t.Errorf("got error %v, want an error that contains %q and the address of the service", err, test.want)
			}
		})
	}
}

// TestAnswersOfOtherImplementations checks that the client can read responses with white
// space, escapes, and members in a different order.
func TestAnswersOfOtherImplementations(t *testing.T) {
	rules, err := prize.Builtin(prize.Generous)
	if err != nil {
		t.Fatal(err)
	}
	want := localTexts(t, 2)
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/text" {
			_, _ = fmt.Fprintf(w, "{ \"texts\" : [ \"\\u%04x%s\" ,\n\"%s\" ], \"format\": \"lower4\", \"more\": 1 }", want[0], want[1:4], want[4:])
			return
		}
		_, _ = fmt.Fprintf(w, `{"outcomes":[{"prize":null,"rule":"everybody else","account":"bbbb"}],"rules":"generous","rules_sha256":"%s"}`, rules.SHA256())
	}))
	texts, err := client.Texts(t.Context(), nil, textFormat(t, "lower4"), entropy.Range{Count: 2})
	if err != nil || string(texts) != want {
		t.Errorf("Texts = %q, error %v, want %s", texts, err, want)
	}
	var accounts prize.Accounts
	accounts.Append("bbbb")
	outcomes, err := client.Prizes(t.Context(), nil, rules, &accounts, entropy.Range{Count: 1})
	if err != nil || len(outcomes) != 1 || rules.Rule(outcomes[0]).Name != "everybody else" || rules.Prize(outcomes[0]) != nil {
		t.Errorf("Prizes = %v, error %v, want the rule everybody else and no prize", outcomes, err)
	}
}

// scripted is a transport whose response depends on the number of the attempt, counted from
// 1.
type scripted struct {
	attempts atomic.Int64
	answer   func(attempt int64) (status int, err error)
	text     string // of a successful response
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	status, err := s.answer(s.attempts.Add(1))
	if err != nil {
		return nil, err
	}
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	w := httptest.NewRecorder()
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "7")
	}
	w.WriteHeader(status)
	if status == http.StatusOK {
		_, _ = w.WriteString(`{"format":"lower4","texts":["` + s.text + `"]}`)
	}
	return w.Result(), nil
}

// oneText requests a single text part.
func oneText(t *testing.T, client *remote.Client) error {
	t.Helper()
	_, err := client.Texts(t.Context(), nil, textFormat(t, "lower4"), entropy.Range{Count: 1})
	return err
}

func scriptedClient(s *scripted) *remote.Client {
	return remote.New(remote.Config{Text: &url.URL{Scheme: "http", Host: "text.test"}, AllowPlainHTTP: true, Transport: s})
}

func TestRetries(t *testing.T) {
	reset := errors.New("connection reset by peer")
	for name, test := range map[string]struct {
		answer      func(attempt int64) (int, error)
		attempts    int64
		fails       bool
		unavailable bool
	}{
		"at once":            {func(int64) (int, error) { return 200, nil }, 1, false, false},
		"503 once":           {func(n int64) (int, error) { return []int{503, 200}[n-1], nil }, 2, false, false},
		"502, then 504":      {func(n int64) (int, error) { return []int{502, 504, 200}[n-1], nil }, 3, false, false},
		"429":                {func(int64) (int, error) { return 429, nil }, 3, true, true},
		"a reset connection": {func(n int64) (int, error) { return 200, []error{reset, nil}[n-1] }, 2, false, false},
		"only resets":        {func(int64) (int, error) { return 0, reset }, 3, true, true},
		"422":                {func(int64) (int, error) { return 422, nil }, 1, true, false},
		"500":                {func(int64) (int, error) { return 500, nil }, 1, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scripted{answer: test.answer, text: localTexts(t, 1)}
				err := oneText(t, scriptedClient(s))
				if (err != nil) != test.fails || errors.Is(err, wire.ErrUnavailable) != test.unavailable || s.attempts.Load() != test.attempts {
					t.Errorf("got error %v after %d attempts, want %d attempts; want an error: %v; want ErrUnavailable: %v", err, s.attempts.Load(), test.attempts, test.fails, test.unavailable)
				}
			})
		})
	}
}

func TestCircuitBreakerOpensAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		s := &scripted{answer: func(int64) (int, error) {
			if broken {
				return 503, nil
			}
			return 200, nil
		}, text: localTexts(t, 1)}
		client := scriptedClient(s)
		var unavailable *remote.Unavailable
		for range 2 { // five failures in a row open the circuit breaker; the second call makes the last of them
			if err := oneText(t, client); !errors.As(err, &unavailable) {
				t.Fatalf("got error %v, want an Unavailable", err)
			}
		}
		attempts := s.attempts.Load()
		if err := oneText(t, client); !errors.As(err, &unavailable) || s.attempts.Load() != attempts || !strings.Contains(err.Error(), "temporarily not called") || unavailable.RetryAfter <= 0 {
			t.Errorf("got error %v after %d attempts, want no attempt after %d", err, s.attempts.Load(), attempts)
		}
		broken = false
		time.Sleep(2 * time.Second)
		if err := oneText(t, client); err != nil {
			t.Errorf("after the service recovered: got error %v, want nil", err)
		}
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := clientOver(50*time.Millisecond, noAnswer)
		reason := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		if _, err := client.Texts(ctx, nil, textFormat(t, "lower4"), entropy.Range{Count: 1}); !errors.Is(err, reason) {
			t.Errorf("cancelled call: got error %v, want %v", err, reason)
		}
		var unavailable *remote.Unavailable
		err := oneText(t, client)
		if !errors.As(err, &unavailable) || unavailable.Service != remote.Text || !strings.Contains(err.Error(), "no response within 50ms") {
			t.Errorf("got error %v, want no response from the text service within 50ms", err)
		}
	})
}

func TestMaxInFlight(t *testing.T) {
	services := handler(t, summer)
	synctest.Test(t, func(t *testing.T) {
		var current, highest atomic.Int64
		answer := inProcess(services)
		client := clientOver(time.Minute, func(r *http.Request) (*http.Response, error) {
			n := current.Add(1)
			defer current.Add(-1)
			for h := highest.Load(); n > h && !highest.CompareAndSwap(h, n); h = highest.Load() {
			}
			time.Sleep(time.Millisecond) // wait until as many calls as allowed are in flight
			return answer(r)
		}, func(c *remote.Config) { c.MaxInFlight = 3 })
		f := textFormat(t, "lower4")
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				if _, err := client.Texts(t.Context(), nil, f, entropy.Range{Count: 100}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := highest.Load(); got != 3 {
			t.Errorf("maximum number of calls in flight: got %d, want 3", got)
		}
	})
}

// transport is a function that responds to requests without a network. Clients that use it
// work in a synctest bubble, where no timeout depends on the speed of the machine.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// clientOver returns a client that sends its requests through a transport.
func clientOver(timeout time.Duration, f transport, change ...func(*remote.Config)) *remote.Client {
	at := func(role string) *url.URL { return &url.URL{Scheme: "http", Host: role + ".test"} }
	cfg := remote.Config{Text: at("text"), Number: at("number"), Prize: at("prize"), AllowPlainHTTP: true, Timeout: timeout, Transport: f}
	for _, c := range change {
		c(&cfg)
	}
	return remote.New(cfg)
}

// inProcess returns a transport that calls a handler.
func inProcess(h http.Handler) transport {
	return func(r *http.Request) (*http.Response, error) {
		request := r.Clone(r.Context())
		request.RequestURI, request.RemoteAddr = r.URL.RequestURI(), "192.0.2.1:1234"
		if request.Body == nil {
			request.Body = http.NoBody
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request)
		answer := w.Result()
		answer.ContentLength = int64(w.Body.Len())
		return answer, nil
	}
}

// noAnswer is a transport that never responds. It returns when the caller gives up.
func noAnswer(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}
