package randomorg

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

var (
	// ErrKey is wrapped by errors about an API key that is not accepted.
	ErrKey = errors.New("random.org needs a valid API key")
	// ErrQuota is wrapped by errors about an API key whose allowance is used up.
	ErrQuota = errors.New("the random.org allowance is used up")
	// ErrAnswer is wrapped by errors about answers that are not to what was asked.
	ErrAnswer = errors.New("not a sound answer of random.org")
	// ErrUnavailable is wrapped by errors about calls that were not answered.
	ErrUnavailable = errors.New("random.org has not answered")
)

// maxAnswer is the size in bytes of the largest answer; a blob's has about 1500.
const maxAnswer = 64 << 10

// RPCError is a refusal by RANDOM.ORG; the codes are those of
// https://api.random.org/json-rpc/4/error-codes. It wraps [ErrKey], [ErrQuota] or
// [ErrUnavailable].
type RPCError struct {
	Code    int
	Message string // of RANDOM.ORG
	kind    error
	advice  string
}

// Error tells what RANDOM.ORG has said and what to do.
func (e *RPCError) Error() string {
	return fmt.Sprintf("%v: it says %q (code %d); %s", e.kind, e.Message, e.Code, e.advice)
}

// Unwrap gives the kind of the refusal.
func (e *RPCError) Unwrap() error { return e.kind }

// newRPCError sorts the codes that have to do with keys; the others are mistakes in
// the call or at RANDOM.ORG.
func newRPCError(code int, message string) *RPCError {
	e := &RPCError{Code: code, Message: message}
	switch code {
	case 303, 400:
		e.kind, e.advice = ErrKey, "check the key at https://api.random.org/dashboard"
	case 401:
		e.kind, e.advice = ErrKey, "the key is stopped or paused; start it at https://api.random.org/dashboard"
	case 402, 403:
		e.kind, e.advice = ErrQuota, "wait until it is renewed, or extend it at https://api.random.org/dashboard"
	default:
		e.kind, e.advice = ErrUnavailable, "see https://api.random.org/json-rpc/4/error-codes"
	}
	return e
}

// callID is the id of every call: each has a connection's answer to itself.
const callID = 1

// call makes a JSON-RPC 2.0 call and reads its result. No error tells the API key,
// whoever repeats it.
func (c *Client) call(ctx context.Context, method string, parameters, result any) error {
	body, err := encode(map[string]any{"jsonrpc": "2.0", "method": method, "params": parameters, "id": callID})
	if err != nil {
		return fmt.Errorf("%w: the call can't be written: %s", ErrUnavailable, c.hide(err.Error()))
	}
	limited, cancel := context.WithTimeoutCause(ctx, c.cfg.Timeout, fmt.Errorf("no answer within %s", c.cfg.Timeout))
	defer cancel()
	status, answer, err := c.post(limited, body)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("asking %s: %w", c.address, context.Cause(ctx))
	case limited.Err() != nil:
		return fmt.Errorf("%w: %s: %w; try again later", ErrUnavailable, c.address, context.Cause(limited))
	case err != nil:
		return fmt.Errorf("%w: %s: %s; check the network and random-org-url, or try again later", ErrUnavailable, c.address, c.hide(err.Error()))
	}
	return c.readAnswer(status, answer, result)
}

// encode writes JSON, signed texts in it byte for byte: HTML is left as it is.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

func (c *Client) post(ctx context.Context, body []byte) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.cfg.UserAgent)
	response, err := c.cfg.HTTP.Do(request)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) { // the address is told already
			err = outer.Err
		}
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = fmt.Errorf("the answer has more than %d bytes", maxAnswer)
	}
	return response.StatusCode, answer, err
}

// readAnswer reads a JSON-RPC answer. A refusal says more than the HTTP status, so
// it comes first.
func (c *Client) readAnswer(status int, answer []byte, result any) error {
	var envelope struct {
		Version string          `json:"jsonrpc"`
		ID      *int            `json:"id"`
		Result  json.RawMessage `json:"result"`
		Error   *struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	err := json.Unmarshal(answer, &envelope)
	switch {
	case err == nil && envelope.Error != nil:
		return newRPCError(envelope.Error.Code, c.hide(envelope.Error.Message))
	case status != http.StatusOK:
		return fmt.Errorf("%w: %s answered %d %s, expected 200; try again later", ErrUnavailable, c.address, status, http.StatusText(status))
	case err != nil:
		return fmt.Errorf("%w: %s did not answer with JSON: %s; check random-org-url", ErrAnswer, c.address, c.hide(err.Error()))
	case envelope.Version != "2.0" || envelope.ID == nil || *envelope.ID != callID:
		return fmt.Errorf("%w: %s did not answer this call of JSON-RPC 2.0; check random-org-url", ErrAnswer, c.address)
	}
	if err := json.Unmarshal(envelope.Result, result); err != nil {
		return fmt.Errorf("%w: the result of %s is not one: %s", ErrAnswer, c.address, c.hide(err.Error()))
	}
	return nil
}

// hide takes the API key out of what somebody else has written.
func (c *Client) hide(text string) string {
	if c.cfg.APIKey != "" {
		text = strings.ReplaceAll(text, string(c.cfg.APIKey), "(API key)")
	}
	if len(text) > 500 {
		text = strings.ToValidUTF8(text[:500], "") + "…"
	}
	return text
}

// isLocal says whether a host is this computer.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
