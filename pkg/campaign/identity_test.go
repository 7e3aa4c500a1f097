package campaign_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// TestSpellingsOfAPerson checks which spellings have the same identity and the same mailbox.
func TestSpellingsOfAPerson(t *testing.T) {
	email := func(address string) campaign.Person {
		return campaign.Person{FirstName: "A", LastName: "B", Email: address}
	}
	name := func(first, last string) campaign.Person { return campaign.Person{FirstName: first, LastName: last} }
	for what, test := range map[string]struct {
		a, b              campaign.Person
		identity, mailbox bool // whether those of a and b are equal
	}{
		"case":                               {email("ann@example.org"), email("Ann@EXAMPLE.org"), true, true},
		"case of other letters":              {email("straße@example.org"), email("STRASSE@example.org"), true, true},
		"width":                              {email("ann@example.org"), email("ａｎｎ@example.org"), true, true},
		"a ligature":                         {email("fine@example.org"), email("ﬁne@example.org"), true, true},
		"composition":                        {email("zoë@example.org"), email("zoe\u0308@example.org"), true, true},
		"a domain in ASCII":                  {email("ann@bücher.example"), email("ann@xn--bcher-kva.example"), true, true},
		"case of a domain":                   {email("ann@BÜCHER.example"), email("ann@XN--BCHER-KVA.example"), true, true},
		"an ideographic full stop":           {email("ann@bücher.example"), email("ann@bücher。example"), true, true},
		"the sharp s in a domain":            {email("ann@straße.example"), email("ann@strasse.example"), false, false},
		"a tag":                              {email("ann@example.org"), email("ann+1@example.org"), false, true},
		"two tags":                           {email("ann+1@example.org"), email("ann+2+3@example.org"), false, true},
		"only a tag":                         {email("+1@example.org"), email("+2@example.org"), false, false},
		"a full-width plus":                  {email("ann@example.org"), email("ann＋1@example.org"), false, true},
		"dots at Gmail":                      {email("annlee@gmail.com"), email("a.nn.lee@googlemail.com"), false, true},
		"dots elsewhere":                     {email("annlee@example.org"), email("ann.lee@example.org"), false, false},
		"other addresses":                    {email("ann@example.org"), email("bob@example.org"), false, false},
		"an address without an at":           {email("ann"), email("ANN"), true, true},
		"names":                              {name("Ann", "Lee"), name("ANN", "lee"), true, true},
		"names with a joiner":                {name("Ann", "Lee"), name("A\u200dnn", "L\u200cee"), true, true},
		"names with a tag":                   {name("Ann", "Lee"), name("Ann\U000E0061", "Lee"), true, true},
		"names with a variation":             {name("Ann", "Lee"), name("Ann\ufe0f", "Lee"), true, true},
		"names with a filler":                {name("Ann", "Lee"), name("Ann\u3164", "Lee"), true, true},
		"names of other width":               {name("Ann", "Lee"), name("Ａｎｎ", "Lee"), true, true},
		"names with another space":           {name("Ann Marie", "Lee"), name("Ann\u2003Marie", "Lee"), true, true},
		"first and last names":               {name("Ann", "Lee"), name("Lee", "Ann"), false, false},
		"other names":                        {name("李", "小龙"), name("李", "大龙"), false, false},
		"names, with and without an address": {name("Ann", "Lee"), campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "ann@example.org"}, false, false},
	} {
		if got := test.a.Identity() == test.b.Identity(); got != test.identity {
			t.Errorf("%s: identities %q and %q: got equal %t, want %t", what, test.a.Identity(), test.b.Identity(), got, test.identity)
		}
		if got := test.a.Mailbox() == test.b.Mailbox(); got != test.mailbox {
			t.Errorf("%s: mailboxes %q and %q: got equal %t, want %t", what, test.a.Mailbox(), test.b.Mailbox(), got, test.mailbox)
		}
	}
}

// TestIdentityIsStable checks that the identity of an address, used as an address, has the
// same identity and mailbox.
func TestIdentityIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		local := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("aAé+.＋ßﬁ\u200d\u0308ẞİ")))).Draw(t, "local")
		domain := rapid.SampledFrom([]string{"example.org", "Bücher.example", "xn--bcher-kva.example", "gmail.com", "GoogleMail.com"}).Draw(t, "domain")
		p := campaign.Person{Email: local + "@" + domain}
		again := campaign.Person{Email: p.Identity()}
		if got := again.Identity(); got != p.Identity() {
			t.Fatalf("identity of %q: got %q, want %q", p.Identity(), got, p.Identity())
		}
		if got := again.Mailbox(); got != p.Mailbox() {
			t.Fatalf("mailbox of %q: got %q, want %q", p.Identity(), got, p.Mailbox())
		}
	})
}

// TestInvisibleAddresses checks that addresses with invisible characters, which look like
// other addresses, are rejected.
func TestInvisibleAddresses(t *testing.T) {
	for _, email := range []string{"ann\u200d@example.org", "ann\U000E0061@example.org", "ann\ufe0f@example.org", "ann@exa\u00admple.org", "ann\u034f@example.org", "ann\u3164@example.org"} {
		if _, err := (campaign.Person{FirstName: "A", LastName: "B", Email: email}).Clean(); field(err) != "email" || !errors.Is(err, campaign.ErrInvalid) {
			t.Errorf("Clean with email %+q: got error %v, want ErrInvalid for field email", email, err)
		}
	}
}

// TestSpellingsShareAPlay checks that all spellings of an address share the one play that a
// campaign allows. With DistinctAliases, addresses with different tags count as different
// people. make test runs it.
func TestSpellingsShareAPlay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		play := func(distinct bool, email string) error {
			p := campaign.New(campaign.Config{Store: storetest.Open(t, address), Generator: draw.Local{}, DistinctAliases: distinct}).Admin("test")
			_, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "Ann", LastName: "Lee", Email: email}})
			return err
		}
		summer := plan("summer")
		summer.MaxPlays = 1
		opened(t, address, summer)
		if err := play(false, "ann@bücher.example"); err != nil {
			t.Fatal(err)
		}
		for _, email := range []string{"Ann@xn--bcher-kva.example", "ａnn@bücher.example", "ann+2@bücher.example"} {
			if err := play(false, email); !errors.Is(err, campaign.ErrMaxPlays) {
				t.Errorf("play as %s: got error %v, want ErrMaxPlays", email, err)
			}
		}
		if err := play(true, "Ann@xn--bcher-kva.example"); !errors.Is(err, campaign.ErrMaxPlays) {
			t.Errorf("play with another spelling and DistinctAliases: got error %v, want ErrMaxPlays", err)
		}
		if err := play(true, "ann+2@bücher.example"); err != nil {
			t.Errorf("play with a tag and DistinctAliases: got error %v, want nil", err)
		}
		if err := play(false, "ann+3@bücher.example"); !errors.Is(err, campaign.ErrMaxPlays) {
			t.Errorf("play with another tag, without DistinctAliases: got error %v, want ErrMaxPlays", err)
		}
	})
}
