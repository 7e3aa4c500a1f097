package sealed

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// keyPrefix is the start of a line with a key.
const keyPrefix = "prizegen-key-v1:"

// These are the limits of a file with keys.
const (
	maxFile = 64 << 10 // bytes
	maxKeys = 16
)

// NewFile returns the text of a file with a new key: 256 random bits from the operating
// system. id is the ID of the key. Keep the text secret.
func NewFile(now time.Time) (text []byte, id string) {
	secret := make([]byte, keySize)
	_, _ = rand.Read(secret) // never fails
	k, err := newKey(secret)
	if err != nil {
		panic("sealed: " + err.Error()) // the size is right
	}
	return fmt.Appendf(nil, "# Key %s, created at %s. It opens the secrets in the database.\n# Keep a copy of this file apart from the backups of the database.\n%s%s\n",
		k.id, now.UTC().Format(time.RFC3339), keyPrefix, base64.StdEncoding.EncodeToString(secret)), k.id
}

// Parse parses the text of a file with keys. Each line contains one key; empty lines and
// lines that begin with # are ignored. The first key seals, and all of them open. The error
// contains the number of the line, but nothing of its text.
func Parse(text string) (*Keys, error) {
	var keys Keys
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		k, err := parseKey(line)
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", number, err)
		case keys.Has(k.id):
			return nil, fmt.Errorf("line %d: the key %s is already in the file", number, k.id)
		case len(keys.all) == maxKeys:
			return nil, fmt.Errorf("line %d: more than %d keys", number, maxKeys)
		}
		keys.all = append(keys.all, k)
	}
	if len(keys.all) == 0 {
		return nil, errors.New("it contains no key; create a file with prizegen secrets new-key")
	}
	return &keys, nil
}

// parseKey parses a line with a key.
func parseKey(line string) (key, error) {
	encoded, ok := strings.CutPrefix(line, keyPrefix)
	if !ok {
		return key{}, fmt.Errorf("a key must begin with %s", keyPrefix)
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(secret) != keySize {
		return key{}, fmt.Errorf("a key must have %d bytes in base64 after %s", keySize, keyPrefix)
	}
	return newKey(secret)
}

// Load reads a file with keys. The error wraps [fs.ErrNotExist] if there is no such file.
func Load(path string) (*Keys, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fileError(path, err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("key file %s: it has more than %d bytes", path, maxFile)
	}
	keys, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return keys, nil
}

// fileError names the key file in an error about its path.
func fileError(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("key file %s: %w", path, err)
}
