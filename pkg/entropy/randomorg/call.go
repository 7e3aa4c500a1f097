package randomorg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

var (
	// ErrKey is wrapped by errors for a missing or rejected API key.
	ErrKey = errors.New("random.org needs a valid API key")
	// ErrQuota is wrapped by errors for an API key whose allowance is used up.
	ErrQuota = errors.New("the random.org allowance is used up")
	// ErrResponse is wrapped by errors for invalid responses.
	ErrResponse = errors.New("invalid response from random.org")
	// ErrUnavailable is wrapped by errors for calls that got no usable response.
	ErrUnavailable = errors.New("random.org is not available")
)

// maxResponse is the maximum length of a response in bytes. A response with a blob has
// about 1500 bytes.
const maxResponse = 64 << 10

// RPCError is an error that RANDOM.ORG has returned. It wraps [ErrKey], [ErrQuota] or
// [ErrUnavailable].
type RPCError struct {
	Code    int    // see https://api.random.org/json-rpc/4/error-codes
	Message string // as received
	kind    error
	hint    string
}

// Error implements [error].
func (e *RPCError) Error() string {
	return fmt.Sprintf("%v: %q (code %d); %s", e.kind, e.Message, e.Code, e.hint)
}

// Unwrap returns [ErrKey], [ErrQuota] or [ErrUnavailable].
func (e *RPCError) Unwrap() error { return e.kind }

func newRPCError(code int, message string) *RPCError {
	e := &RPCError{Code: code, Message: message}
	switch code {
	case 303, 400:
		e.kind, e.hint = ErrKey, "check the key at https://api.random.org/dashboard"
	case 401:
		e.kind, e.hint = ErrKey, "the key is stopped or paused; start it at https://api.random.org/dashboard"
	case 402, 403:
		e.kind, e.hint = ErrQuota, "wait until it is renewed, or extend it at https://api.random.org/dashboard"
	default:
		e.kind, e.hint = ErrUnavailable, "see https://api.random.org/json-rpc/4/error-codes"
	}
	return e
}

// callID is the JSON-RPC ID of every call. Each call has its own HTTP request, so the IDs
// need not differ.
const callID = 1

// call makes a JSON-RPC 2.0 call and decodes its result. Its errors never contain the API
// key, even if the server repeats it.
func (c *Client) call(ctx context.Context, method string, parameters, result any) error {
	// The encoder must not change signed strings.
	body, err := json.Marshal(struct {
		Version    string `json:"jsonrpc"`
		Method     string `json:"method"`
		Parameters any    `json:"params"`
		ID         int    `json:"id"`
	}{"2.0", method, parameters, callID}, jsontext.PreserveRawStrings(true))
	if err != nil {
		return fmt.Errorf("%w: encoding the call: %s", ErrUnavailable, c.redact(err.Error()))
	}
	limited, cancel := context.WithTimeoutCause(ctx, c.cfg.Timeout, fmt.Errorf("no response within %s", c.cfg.Timeout))
	defer cancel()
	status, response, err := c.post(limited, body)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("calling %s: %w", c.address, context.Cause(ctx))
	case limited.Err() != nil:
		return fmt.Errorf("%w: %s: %w; try again later", ErrUnavailable, c.address, context.Cause(limited))
	case err != nil:
		return fmt.Errorf("%w: %s: %s; check the network and random-org-url, or try again later", ErrUnavailable, c.address, c.redact(err.Error()))
	}
	return c.decodeResponse(status, response, result)
}

// post sends a call. It returns the status and the body of the response.
func (c *Client) post(ctx context.Context, body []byte) (status int, text []byte, err error) {
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
		if errors.As(err, &outer) { // call adds the address
			err = outer.Err
		}
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err = io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	if err == nil && len(text) > maxResponse {
		err = fmt.Errorf("the response has more than %d bytes", maxResponse)
	}
	return response.StatusCode, text, err
}

// decodeResponse decodes a JSON-RPC response. An error in the response takes precedence
// over the HTTP status, because it is more precise.
func (c *Client) decodeResponse(status int, response []byte, result any) error {
	var envelope struct {
		Version string         `json:"jsonrpc"`
		ID      *int           `json:"id"`
		Result  jsontext.Value `json:"result"`
		Error   *struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	err := json.Unmarshal(response, &envelope)
	switch {
	case err == nil && envelope.Error != nil:
		return newRPCError(envelope.Error.Code, excerpt.Of(c.redact(envelope.Error.Message)))
	case status != http.StatusOK:
		return fmt.Errorf("%w: %s answered %d %s; try again later", ErrUnavailable, c.address, status, http.StatusText(status))
	case err != nil:
		return fmt.Errorf("%w: %s did not respond with valid JSON: %s; check random-org-url", ErrResponse, c.address, c.redact(err.Error()))
	case envelope.Version != "2.0" || envelope.ID == nil || *envelope.ID != callID:
		return fmt.Errorf("%w: %s did not respond to this JSON-RPC 2.0 call; check random-org-url", ErrResponse, c.address)
	}
	if err := json.Unmarshal(envelope.Result, result); err != nil {
		return fmt.Errorf("%w: invalid result of %s: %s", ErrResponse, c.address, c.redact(err.Error()))
	}
	return nil
}

// redact replaces the API key in a string.
func (c *Client) redact(text string) string {
	if c.cfg.APIKey == "" {
		return text
	}
	return strings.ReplaceAll(text, string(c.cfg.APIKey), "(API key)")
}

// isLocal reports whether host is localhost or a loopback address.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
