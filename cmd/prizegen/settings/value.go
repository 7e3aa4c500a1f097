package settings

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// bound is the value of a flag that may belong to a setting.
type bound interface {
	pflag.Value
	bind(f *pflag.Flag, setting string)
	Setting() string
}

// binding is the flag of a value and the name of its setting, or "" if it has none.
type binding struct {
	flag    *pflag.Flag
	setting string
}

func (b *binding) bind(f *pflag.Flag, setting string) { b.flag, b.setting = f, setting }

// Setting returns the name of the setting that the flag belongs to, or "" if there is
// none.
func (b *binding) Setting() string { return b.setting }

// Typed reports whether the flag was typed on the command line.
func (b *binding) Typed() bool { return b.flag.Changed }

// Value is the value of a flag. Its parser runs when the flag is set.
type Value[T any] struct {
	binding
	kind  string // the placeholder of the value in the help text
	text  string
	value T
	parse func(string) (T, error)
	given bool
}

var _ bound = (*Value[int])(nil)

// NewValue returns a value whose default is text, which must be valid. The help text
// shows kind as the placeholder of the value.
func NewValue[T any](kind, text string, parse func(string) (T, error)) *Value[T] {
	v := NewOptional(kind, parse)
	var err error
	if v.value, err = parse(text); err != nil {
		panic(fmt.Sprintf("prizegen: default of a flag: %v", err))
	}
	v.text = text
	return v
}

// NewOptional returns a value without a default. The value is the zero T until the flag
// is set.
func NewOptional[T any](kind string, parse func(string) (T, error)) *Value[T] {
	return &Value[T]{kind: kind, parse: parse}
}

// Get returns the value.
func (v *Value[T]) Get() T { return v.value }

// Given reports whether the value was set on the command line, in the environment or
// in the configuration file.
func (v *Value[T]) Given() bool { return v.given }

// String returns the value in the format of the command line.
func (v *Value[T]) String() string { return v.text }

// Type returns the placeholder of the value in the help text.
func (v *Value[T]) Type() string { return v.kind }

// Set parses text and sets the value.
func (v *Value[T]) Set(text string) error {
	value, err := v.parse(text)
	if err != nil {
		return err
	}
	v.text, v.value, v.given = text, value, true
	return nil
}

// List is the value of a flag that takes a list. The command line and the environment
// separate items with commas. The flag can be repeated.
type List struct {
	binding
	kind   string
	values []string
	given  bool
}

var (
	_ bound            = (*List)(nil)
	_ pflag.SliceValue = (*List)(nil)
)

// Get returns the list.
func (l *List) Get() []string { return l.values }

// String returns the list in the format of the command line.
func (l *List) String() string { return strings.Join(l.values, ",") }

// Type returns the placeholder of the list in the help text.
func (l *List) Type() string { return l.kind }

// Set replaces the default list. Further calls append to the list.
func (l *List) Set(text string) error {
	if !l.given {
		l.values = nil
	}
	l.values, l.given = append(l.values, strings.Split(text, ",")...), true
	return nil
}

// Append adds an item to the list.
func (l *List) Append(item string) error {
	l.values = append(l.values, item)
	return nil
}

// Replace replaces the list.
func (l *List) Replace(items []string) error {
	l.values, l.given = slices.Clone(items), true
	return nil
}

// GetSlice implements [pflag.SliceValue].
func (l *List) GetSlice() []string { return l.values }

// OneOf returns a parser that accepts only the given strings.
func OneOf(texts ...string) func(string) (string, error) {
	return func(text string) (string, error) {
		if !slices.Contains(texts, text) {
			return "", fmt.Errorf("must be one of %s", strings.Join(texts, ", "))
		}
		return text, nil
	}
}

// ParseText accepts every string.
func ParseText(text string) (string, error) { return text, nil }

// ParseBool parses true and false.
func ParseBool(text string) (bool, error) {
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("must be true or false")
	}
	return value, nil
}

// ParseCount parses a positive number.
func ParseCount(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("must be a whole number from 1 to %d", uint64(math.MaxUint64))
	}
	return n, nil
}

// ParseIndex parses the index of a draw.
func ParseIndex(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("must be a whole number from 0 to %d (2^64-1)", uint64(math.MaxUint64))
	}
	return n, nil
}

// ParseDuration parses a duration.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("must be a duration such as 30s")
	}
	return d, nil
}
