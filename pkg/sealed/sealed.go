// Package sealed encrypts small secrets for storage in a database, with keys from a file
// that is kept apart from the database.
//
// A sealed value is text: "sealed:1:", the ID of its key, a colon, and the nonce and the
// ciphertext of AES-256-GCM in base64. The ciphertext is bound to the [Cell] that stores it,
// so a value that was moved to another row cannot be opened.
//
//	keys, err := sealed.Load("secrets.key")
//	text := keys.Seal(sealed.Cell{Table: "campaigns", Column: "secret", Row: "summer"}, seed)
//	seed, err = keys.Open(sealed.Cell{Table: "campaigns", Column: "secret", Row: "summer"}, text)
package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Prefix is the start of every sealed value.
const Prefix = "sealed:"

// version is the format of the sealed values.
const version = "1"

// ErrNoKey is wrapped by the error of [Keys.Open] if none of the keys sealed the value.
var ErrNoKey = errors.New("missing key")

// ErrDamaged is wrapped by the error of [Keys.Open] for a value that was changed, or that
// was moved to another cell.
var ErrDamaged = errors.New("damaged sealed value")

// Cell is the place of a value in a database. Row identifies the row and must not change
// while the value is stored.
type Cell struct{ Table, Column, Row string }

// String returns the cell as it is written in messages.
func (c Cell) String() string { return fmt.Sprintf("%s.%s of %q", c.Table, c.Column, c.Row) }

// associated returns the data that is bound to a value: every field after its length.
func (c Cell) associated() []byte {
	var data []byte
	for _, field := range []string{Prefix + version, c.Table, c.Column, c.Row} {
		data = binary.AppendUvarint(data, uint64(len(field)))
		data = append(data, field...)
	}
	return data
}

// Keys are the keys of a file. The first one seals, and all of them open. A nil *Keys
// contains no keys: it does not seal, and opens only values that are not sealed. Keys are
// safe for concurrent use and are never printed.
type Keys struct{ all []key }

type key struct {
	id   string
	aead cipher.AEAD
}

// keySize is the size of a key in bytes, for AES-256.
const keySize = 32

// newKey returns the key with the given bytes, which must be keySize bytes.
func newKey(secret []byte) (key, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return key{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	sum := sha256.Sum256(append([]byte("prizegen/key-id/v1/"), secret...))
	return key{id: hex.EncodeToString(sum[:4]), aead: aead}, err
}

// ID returns the ID of the key that seals: 8 hexadecimal digits of a hash of the key. It is
// empty if there are no keys.
func (k *Keys) ID() string {
	if k == nil || len(k.all) == 0 {
		return ""
	}
	return k.all[0].id
}

// IDs returns the IDs of all keys. The first one seals.
func (k *Keys) IDs() []string {
	if k == nil {
		return nil
	}
	ids := make([]string, len(k.all))
	for i := range k.all {
		ids[i] = k.all[i].id
	}
	return ids
}

// Has reports whether the key with an ID is one of the keys.
func (k *Keys) Has(id string) bool { return k.find(id) != nil }

func (k *Keys) find(id string) cipher.AEAD {
	if k == nil {
		return nil
	}
	for i := range k.all {
		if k.all[i].id == id {
			return k.all[i].aead
		}
	}
	return nil
}

// String returns the IDs of the keys, never the keys.
func (k *Keys) String() string { return "sealed.Keys(" + strings.Join(k.IDs(), ", ") + ")" }

// GoString returns the same text as [Keys.String], for %#v.
func (k *Keys) GoString() string { return k.String() }

// LogValue implements [slog.LogValuer] with the IDs of the keys.
func (k *Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Seal returns a value in sealed form for a cell. Without keys, it returns the value.
func (k *Keys) Seal(cell Cell, value string) string {
	if k.ID() == "" {
		return value
	}
	first := k.all[0]
	box := first.aead.Seal(nil, nil, []byte(value), cell.associated())
	return Prefix + version + ":" + first.id + ":" + base64.StdEncoding.EncodeToString(box)
}

// Open returns the value that was sealed for a cell. It returns text that is not sealed
// unchanged. The error wraps [ErrNoKey] if the key is missing, and [ErrDamaged] if the text
// was changed or was sealed for another cell. It never contains the text.
func (k *Keys) Open(cell Cell, text string) (string, error) {
	if !IsSealed(text) {
		return text, nil
	}
	id, encoded, ok := parts(text)
	if !ok {
		return "", fmt.Errorf("%s: %w: its format is unknown", cell, ErrDamaged)
	}
	aead := k.find(id)
	if aead == nil {
		return "", fmt.Errorf("%s: %w %s, which sealed it", cell, ErrNoKey, id)
	}
	box, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", fmt.Errorf("%s: %w: it is not valid base64", cell, ErrDamaged)
	}
	value, err := aead.Open(nil, nil, box, cell.associated())
	if err != nil {
		return "", fmt.Errorf("%s: %w: it was changed, or was sealed for another row", cell, ErrDamaged)
	}
	return string(value), nil
}

// IsSealed reports whether a stored text is a sealed value.
func IsSealed(text string) bool { return strings.HasPrefix(text, Prefix) }

// KeyID returns the ID of the key that sealed a value. It is empty if the text is not
// sealed or its format is unknown.
func KeyID(text string) string {
	id, _, _ := parts(text)
	return id
}

// parts splits a sealed value into the ID of its key and the encoded ciphertext.
func parts(text string) (id, encoded string, ok bool) {
	rest, ok := strings.CutPrefix(text, Prefix+version+":")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ":")
}
