package serve_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// TestTokenRoles sends requests with tokens of each role. It checks which are permitted,
// and whom the audit trail names.
func TestTokenRoles(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	s := servertest.Start(t, serve.All, func(c *serve.Config) { c.Store, c.Access, c.AdminToken = db, db.Access(), servertest.Token })
	control, err := access.New(access.Config{Store: db.Access()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, tokens := t.Context(), map[access.Role]string{}
	for _, role := range access.Roles() {
		if tokens[role], err = control.Manager("cli").AddToken(ctx, "my-"+string(role), role); err != nil {
			t.Fatal(err)
		}
	}
	s.OpenCampaign(t, "summer")
	operator, viewer := s.Admin(t, tokens[access.RoleOperator]), s.Admin(t, tokens[access.RoleViewer])
	play := campaign.Play{Campaign: "summer"}
	d, err := operator.Play(ctx, play)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := viewer.Play(ctx, play); !errors.Is(err, wire.ErrRole) || !strings.Contains(err.Error(), "needs the role operator, and yours is viewer") {
		t.Errorf("play as a viewer: got error %v, want one that names the roles", err)
	}
	if _, err := viewer.Void(ctx, d.ID, "x"); !errors.Is(err, wire.ErrRole) {
		t.Errorf("void as a viewer: got error %v, want %v", err, wire.ErrRole)
	}
	if _, _, err := viewer.Draws(ctx, campaign.DrawQuery{Campaign: "summer"}); err != nil {
		t.Errorf("list draws as a viewer: got error %v, want none", err)
	}
	if _, err := s.Admin(t, tokens[access.RoleOwner]).Close(ctx, "summer"); err != nil {
		t.Errorf("close as an owner: got error %v, want none", err)
	}
	changes, err := viewer.Changes(ctx, campaign.ChangeQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if changes[0].Actor != "token my-owner" || changes[1].Actor != "token my-operator" {
		t.Errorf("actors: got %q and %q, want the names of the tokens", changes[0].Actor, changes[1].Actor)
	}

	const authorization = "Authorization"
	for _, test := range []struct {
		token, method, path, body string
		status                    int
	}{
		{tokens[access.RoleViewer], http.MethodGet, "/v1/entrants", "", http.StatusOK},
		{tokens[access.RoleViewer], http.MethodGet, "/v1/campaigns/summer/export?entrants=true", "", http.StatusOK},
		{tokens[access.RoleViewer], http.MethodDelete, "/v1/campaigns/summer", "", http.StatusForbidden},
		{tokens[access.RoleViewer], http.MethodPost, "/v1/campaigns", "not JSON", http.StatusForbidden}, // before the body is read
		{tokens[access.RoleViewer], http.MethodPost, "/v1/draws", `{"count":1001}`, http.StatusUnprocessableEntity},
		{tokens[access.RoleOperator], http.MethodPost, "/v1/draws", `{"count":1001}`, http.StatusOK},
		{tokens[access.RoleOperator] + "x", http.MethodGet, "/v1/entrants", "", http.StatusUnauthorized},
		{"", http.MethodGet, "/v1/entrants", "", http.StatusUnauthorized},
	} {
		response, body := s.Send(t, test.method, test.path, test.body, authorization, "Bearer "+test.token)
		if response.StatusCode != test.status {
			t.Errorf("%s %s: got status %d, want %d\n%.300s", test.method, test.path, response.StatusCode, test.status, body)
		}
		if test.status == http.StatusForbidden && !strings.Contains(body, `"type":"urn:prizegen:problem:role"`) {
			t.Errorf("%s %s: got %s, want the kind role", test.method, test.path, body)
		}
	}
	if err := control.Manager("cli").RevokeToken(ctx, "my-viewer"); err != nil {
		t.Fatal(err)
	}
	if _, err := viewer.Changes(ctx, campaign.ChangeQuery{}); !errors.Is(err, wire.ErrForbidden) {
		t.Errorf("read with a revoked token: got error %v, want %v", err, wire.ErrForbidden)
	}
}
