package serve

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
)

// Values of headers.
const (
	jsonType = "application/json"
	noStore  = "no-store"
)

// encode writes a value as JSON.
func encode(buffer *bytes.Buffer, value any) error {
	if fast, ok := value.(interface{ AppendJSON(dst []byte) []byte }); ok {
		_, err := buffer.Write(fast.AppendJSON(buffer.AvailableBuffer()))
		return err
	}
	return json.MarshalWrite(buffer, value)
}

// answer writes a value as JSON.
func (s *Server) answer(w http.ResponseWriter, status int, value any) error {
	buffer := s.buffers.get()
	defer s.buffers.put(buffer)
	if err := encode(buffer, value); err != nil {
		return err
	}
	return s.write(w, status, jsonType, buffer.Bytes())
}

// buffered is the length of the longest answer whose Content-Length net/http sets itself.
const buffered = 2000

// write writes an answer of known length.
func (s *Server) write(w http.ResponseWriter, status int, kind string, body []byte) error {
	h := w.Header()
	if kind == jsonType {
		h["Content-Type"] = s.jsonType
	} else {
		h["Content-Type"], h["X-Content-Type-Options"] = []string{kind}, []string{"nosniff"}
	}
	if len(body) > buffered {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails if the client has disconnected
	return nil
}
