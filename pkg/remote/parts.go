package remote

import (
	"bytes"
	"context"
	"fmt"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/pkg/wire"
)

// Texts implements [draw.Generator].
func (c *Client) Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error) {
	return c.parts(ctx, Text, c.texts, dst, f.Format, r, func(dst []byte) ([]byte, error) { return c.local.Texts(ctx, dst, f, r) })
}

// Numbers implements [draw.Generator].
func (c *Client) Numbers(ctx context.Context, dst []byte, f numgen.Format, r entropy.Range) ([]byte, error) {
	return c.parts(ctx, Number, c.numbers, dst, f.Format, r, func(dst []byte) ([]byte, error) { return c.local.Numbers(ctx, dst, f, r) })
}

// parts appends parts from a service to dst, or generates them in this process if there is
// no service. It compares parts from a service with parts generated in this process,
// because the key determines them.
func (c *Client) parts(ctx context.Context, name string, by *partsClient, dst []byte, f partgen.Format, r entropy.Range, generate func([]byte) ([]byte, error)) ([]byte, error) {
	s, err := c.serviceFor(name)
	if err != nil {
		return dst, err
	}
	if s == nil {
		return generate(dst)
	}
	start := len(dst)
	if dst, err = by.append(ctx, dst, f, r); err != nil {
		return dst, err
	}
	buffer := c.buffers.Get().(*[]byte)
	defer c.buffers.Put(buffer)
	if *buffer, err = generate((*buffer)[:0]); err != nil {
		return dst[:start], err
	}
	if got, want := dst[start:], *buffer; !bytes.Equal(got, want) {
		wrong := 0
		for got[wrong] == want[wrong] {
			wrong++
		}
		return dst[:start], s.invalidResponse(fmt.Errorf("%s %d of format %s does not follow from its key", name, r.Start+uint64(wrong/f.Len()), f))
	}
	return dst, nil
}

// partsClient requests texts or numbers from their service.
type partsClient struct {
	*service
	read func(dst, body []byte, format partgen.Format, count int) ([]byte, error) // reads a response
	jobs batcher[*partsJob]
}

// partsJob is a request for the parts of up to maxJobDraws draws.
type partsJob struct {
	format partgen.Format
	draws  entropy.Range
	parts  []byte // the result
}

// newPartsClient returns a client for a text or number service, or nil if the service is
// nil.
func newPartsClient(s *service, read func(dst, body []byte, format partgen.Format, count int) ([]byte, error)) *partsClient {
	if s == nil {
		return nil
	}
	c := &partsClient{service: s, read: read}
	c.jobs.compatible = func(a, b *partsJob) bool { return a.format.String() == b.format.String() }
	c.jobs.call = c.doJobs
	return c
}

// append appends the parts of a range of draws to dst.
func (c *partsClient) append(ctx context.Context, dst []byte, format partgen.Format, r entropy.Range) ([]byte, error) {
	if err := r.Check(); err != nil || r.Count == 0 {
		return dst, err
	}
	if r.Count <= maxJobDraws {
		job := &partsJob{format: format, draws: r}
		if err := c.jobs.do(ctx, job); err != nil {
			return dst, c.contextErr(ctx, err)
		}
		return append(dst, job.parts...), ctx.Err()
	}
	start := len(dst)
	for from := uint64(0); from < r.Count; from += wire.MaxCount {
		part := r.Slice(from, min(from+wire.MaxCount, r.Count))
		var err error
		if dst, err = c.request(ctx, dst, format, int(part.Count), partsRequest(format, part)); err != nil {
			return dst[:start], err
		}
	}
	return dst, ctx.Err()
}

// partsRequest returns a request for the parts of a range of draws.
func partsRequest(format partgen.Format, r entropy.Range) *wire.PartsRequest {
	return &wire.PartsRequest{Format: format.String(), Key: r.Key.Hex(), Start: r.Start, Count: int(r.Count)}
}

// doJobs makes one call for jobs that have the same format.
func (c *partsClient) doJobs(ctx context.Context, jobs []*partsJob) error {
	format, count := jobs[0].format, 0
	request := &wire.PartsRequest{Format: format.String()}
	request.Defaults()
	for _, job := range jobs {
		request.Ranges = append(request.Ranges, wire.NewRange(job.draws))
		count += int(job.draws.Count)
	}
	if len(jobs) == 1 {
		request = partsRequest(format, jobs[0].draws)
	}
	parts, err := c.request(ctx, nil, format, count, request)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		size := int(job.draws.Count) * format.Len()
		job.parts, parts = parts[:size], parts[size:]
	}
	return nil
}

// request makes a call for count parts and appends them to dst.
func (c *partsClient) request(ctx context.Context, dst []byte, format partgen.Format, count int, request *wire.PartsRequest) ([]byte, error) {
	body, err := c.post(ctx, "/v1/"+c.name, request)
	if err != nil {
		return dst, err
	}
	all, err := c.read(dst, body, format, count)
	if err != nil {
		return dst, c.invalidResponse(err)
	}
	return all, nil
}
