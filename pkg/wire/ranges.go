package wire

import (
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// maxRanges is the maximum number of ranges in a request.
const maxRanges = 1000

// Range is a range of consecutive draws of one seed, as in a request.
type Range struct {
	Key   string `json:"key" doc:"The subkey of the seed, 64 hexadecimal digits." pattern:"^[0-9a-fA-F]{64}$"`
	Start uint64 `json:"start,omitempty" doc:"The index of the first draw." example:"0"`
	Count int    `json:"count" doc:"The number of draws." minimum:"1" maximum:"100000" example:"1"`
}

// NewRange converts a range of draws to its form in a request.
func NewRange(r entropy.Range) Range {
	return Range{Key: r.Key.Hex(), Start: r.Start, Count: int(r.Count)}
}

// Ranges holds the ranges in a request.
type Ranges []Range

var (
	_ json.UnmarshalerFrom = (*Ranges)(nil)
	_ huma.SchemaProvider  = Ranges{}
)

// UnmarshalJSONFrom implements [json.UnmarshalerFrom]. It decodes one range more than
// allowed, and skips the rest, because decoded ranges take ten times as much memory as
// their JSON.
func (r *Ranges) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if kind := dec.PeekKind(); kind != '[' {
		return &json.SemanticError{JSONKind: kind, GoType: reflect.TypeFor[[]Range]()}
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	*r = (*r)[:0]
	for dec.PeekKind() != ']' {
		if len(*r) > maxRanges {
			if err := dec.SkipValue(); err != nil {
				return err
			}
			continue
		}
		var next Range
		if err := json.UnmarshalDecode(dec, &next); err != nil {
			return err
		}
		*r = append(*r, next)
	}
	_, err := dec.ReadToken()
	return err
}

// Schema implements [huma.SchemaProvider].
func (Ranges) Schema(registry huma.Registry) *huma.Schema {
	return huma.SchemaFromType(registry, reflect.TypeFor[[]Range]())
}

// keyRanges returns the ranges in a request as ranges of draws, and their total number of
// draws.
func keyRanges(ranges Ranges) (draws []entropy.Range, count int, err error) {
	if len(ranges) > maxRanges {
		return nil, 0, Invalid("/ranges", "must have at most %d ranges", maxRanges)
	}
	draws = make([]entropy.Range, len(ranges))
	for i, r := range ranges {
		pointer := fmt.Sprintf("/ranges/%d", i)
		draws[i] = entropy.Range{Start: r.Start, Count: uint64(r.Count)}
		if draws[i].Key, err = entropy.ParseKey(r.Key); err != nil {
			return nil, 0, At(pointer+"/key", err)
		}
		if r.Count < 1 || r.Count > MaxCount-count {
			return nil, 0, Invalid(pointer+"/count", "must be at least 1, and at most %d in all ranges, got %d", MaxCount, r.Count)
		}
		if err := draws[i].Check(); err != nil {
			return nil, 0, At(pointer+"/start", err)
		}
		count += r.Count
	}
	return draws, count, nil
}

func rangesConflict() error {
	return Invalid("/ranges", "cannot be used with key, start or count; each range has its own")
}
