package campaign_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// BenchmarkPlay measures durable plays by many concurrent players: in batches and, for
// comparison, each in its own transaction.
func BenchmarkPlay(b *testing.B) {
	for name, address := range map[string]func() string{
		"sqlite":   func() string { return storetest.File(b) },
		"postgres": func() string { return storetest.StartServer(b, true).Address() },
	} {
		for kind, size := range map[string]int{"batches": 0, "single": 1} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				p := campaign.New(campaign.Config{Store: storetest.Open(b, address()), Generator: draw.Local{}, MaxBatch: size}).Admin("bench")
				if _, err := p.Create(b.Context(), plan("bench")); err != nil {
					b.Fatal(err)
				}
				if _, err := p.Open(b.Context(), "bench"); err != nil {
					b.Fatal(err)
				}
				var n atomic.Int64
				b.SetParallelism(32)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						i := n.Add(1)
						_, err := p.Play(b.Context(), campaign.Play{
							Campaign: "bench", Key: fmt.Sprint(i), Person: &campaign.Person{FirstName: "Ann", LastName: fmt.Sprint("Lee ", i)},
						})
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "plays/s")
			})
		}
	}
}
