using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using static DeviceAcme.Server.Admin.AllowedToMetadata;
using static DeviceAcme.Server.Admin.LimitedCallers;

namespace DeviceAcme.Server.Admin;

/// <summary>Every route of the admin listener, and who may call it. What a limited caller sees of a route, its handler decides.</summary>
internal static class AdminEndpoints
{
    /// <summary>Few bodies of this listener need more.</summary>
    private const int MaximumBodyBytes = 8 * 1024;

    public static void AddAdmin(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(_ => LocalToken.ReadOrMake(options.DataDirectory));
        services.AddSingleton<ApiTokens>();
        services.AddSingleton<FailedLogins>();
        services.AddSingleton<ClientCertificates>();
        services.AddSingleton<OidcTokens>();
        services.AddSingleton<OpenApiDocument>();
        services.AddSingleton<AccountArchive>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<CertificateArchive>();
        services.AddSingleton<OrderArchive>();
        services.AddSingleton<ExternalAccountKeys>();
        services.AddSingleton<Tickets>();
        services.AddSingleton<Registrations>();
    }

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/admin/v1");
        admin.MapGet("/openapi.json", OpenApiDocument.Show).To(Readers, WithinTheirProfiles)
            .Answers("this document", json => json.JsonElement);
        admin.MapGet("/self", TokenEndpoints.Self).To(Readers, WithinTheirProfiles)
            .Answers("who the server takes the caller for", json => json.AdminSelf);

        admin.MapGet("/accounts", AccountEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("ACME accounts, newest first", json => json.AccountList, AccountEndpoints.Parameters);
        admin.MapPost("/accounts", TicketEndpoints.Register).To(Officers, WithinTheirProfiles)
            .Takes(json => json.NewRegistration).Creates("an account for a key that is known beforehand", json => json.RegisteredAccount);
        admin.MapGet("/accounts/{id}", AccountEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one account with what hangs from it", json => json.AccountRecord);
        admin.MapPost("/accounts/{id}/deactivate", AccountEndpoints.Deactivate).To(Officers, WithinTheirProfiles)
            .Takes(json => json.AccountDeactivation).Answers("ends an account and its unfinished orders", json => json.AccountRecord);

        admin.MapGet("/anchors", AnchorEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("the anchors of a version", json => json.AnchorListing, "version", "folder");
        admin.MapGet("/anchors/versions", AnchorEndpoints.Versions).To(Readers, WithinTheirProfiles)
            .Answers("all versions of the anchor set", json => json.AnchorVersionList);
        admin.MapGet("/anchors/diff", AnchorEndpoints.Diff).To(Readers, WithinTheirProfiles)
            .Answers("what changed between two versions", json => json.AnchorChanges, "from", "to");
        admin.MapGet("/anchors/export", AnchorEndpoints.Export).To(Readers, WithinTheirProfiles)
            .Answers("a version as the files of a trust directory", json => json.AnchorExport, "version", "folder");
        admin.MapGet("/anchors/sets/{hash}", AnchorEndpoints.Set).To(Readers, WithinTheirProfiles)
            .Answers("the set that evidence was judged under", json => json.AnchorSetEntry);
        admin.MapPost("/anchors/imports", AnchorEndpoints.Import).To(Administrators)
            .Takes(json => json.AnchorImportRequest).Creates("takes certificates into a folder", json => json.AnchorImportReport);
        admin.MapPost("/anchors/distrusts", AnchorEndpoints.Distrust).To(Administrators)
            .Takes(json => json.AnchorDistrustRequest).Creates("believes a certificate no more, or again", json => json.AnchorChanges);

        admin.MapGet("/attestation-keys", AttestationKeyEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("certificates of the TPM attestation CA", json => json.AttestationKeyList, AttestationKeyEndpoints.Parameters);
        admin.MapPost("/attestation-keys/{id}/revoke", AttestationKeyEndpoints.Revoke).To(Officers, WithinTheirProfiles)
            .Answers("revokes one of them", json => json.AttestationKeyEntry);

        admin.MapGet("/audit", AuditEndpoints.List).To(Overseers, WithinTheirProfiles)
            .Answers("what happened, newest first", json => json.AuditPage, AuditEndpoints.Parameters);
        admin.MapGet("/audit/export", AuditEndpoints.Export).To(Overseers)
            .AnswersLines("the events of a time, a line each, chained", json => json.AuditRecord, "since", "until");
        admin.MapGet("/audit/head", AuditEndpoints.Head).To(Overseers)
            .Answers("where the audit log ends", json => json.AuditHead);

        admin.MapGet("/certificates", CertificateEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("issued certificates, newest first", json => json.CertificateList, CertificateEndpoints.Parameters);
        admin.MapGet("/certificates/{id}", CertificateEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one certificate, by its id or serial number, with its chain as PEM", json => json.CertificateRecord);
        admin.MapPost("/certificates/{id}/revoke", CertificateEndpoints.Revoke).To(Officers, WithinTheirProfiles)
            .Takes(json => json.CertificateRevocation).Answers("revokes one of them; its CRL has it at once", json => json.CertificateRecord);

        admin.MapGet("/devices", DeviceEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("the ledger, newest first", json => json.DeviceList, DeviceEndpoints.Parameters);
        admin.MapPost("/devices", DeviceEndpoints.Add).To(Officers)
            .Takes(json => json.NewDevice).Creates("a device that is expected", json => json.DeviceEntry);
        admin.MapGet("/devices/export", InventoryEndpoints.Export).To(Readers, WithinTheirProfiles)
            .AnswersText("the ledger as an inventory", "text/csv", DeviceEndpoints.ExportParameters);
        admin.MapPost("/devices/imports", InventoryEndpoints.Import).To(Officers)
            .TakesText("text/csv").AnswersLines("brings an inventory in, all of it or nothing; a line for each step", json => json.DeviceImportProgress, InventoryEndpoints.ImportParameters);
        admin.MapGet("/devices/{id}", DeviceEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one device", json => json.DeviceEntry);
        admin.MapPatch("/devices/{id}", DeviceEndpoints.Edit).To(Officers)
            .Takes(json => json.DeviceEdit).Answers("describes a device anew; needs If-Match", json => json.DeviceEntry);
        admin.MapGet("/devices/{id}/enrollments", DeviceEndpoints.Enrollments).To(Readers, WithinTheirProfiles)
            .Answers("accounts, orders, evidence and certificates of a device", json => json.DeviceEnrollments);
        admin.MapGet("/devices/{id}/history", DeviceEndpoints.History).To(Readers, WithinTheirProfiles)
            .Answers("what happened to a device, newest first", json => json.AuditPage, AdminQuery.OfPage);
        admin.MapPost("/devices/{id}/block", DeviceEndpoints.Block).To(Officers)
            .Takes(json => json.DeviceMove).Answers("shuts a device out", json => json.DeviceChange);
        admin.MapPost("/devices/{id}/unblock", DeviceEndpoints.Unblock).To(Officers)
            .Takes(json => json.DeviceMove).Answers("takes a device back that was blocked, quarantined or retired", json => json.DeviceChange);
        admin.MapPost("/devices/{id}/quarantine", DeviceEndpoints.Quarantine).To(Officers)
            .Takes(json => json.DeviceMove).Answers("sets a device aside while somebody looks", json => json.DeviceChange);
        admin.MapPost("/devices/{id}/retire", DeviceEndpoints.Retire).To(Officers)
            .Takes(json => json.DeviceMove).Answers("takes a device out of service", json => json.DeviceChange);
        admin.MapPost("/devices/{id}/replace", DeviceEndpoints.Replace).To(Officers)
            .Takes(json => json.DeviceMove).Answers("lets another device take its place", json => json.DeviceChange);
        admin.MapPost("/devices/{id}/revoke-all", DeviceEndpoints.RevokeAll).To(Officers)
            .Takes(json => json.DeviceMove).Answers("revokes all valid certificates of a device", json => json.DeviceChange);

        admin.MapGet("/evidence", EvidenceEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("stored verdicts, newest first", json => json.EvidenceList, EvidenceEndpoints.Parameters);
        admin.MapGet("/evidence/{id}", EvidenceEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one verdict with its evidence", json => json.EvidenceRecord);
        admin.MapPost("/evidence/{id}/acknowledge", EvidenceEndpoints.Acknowledge).To(Officers, WithinTheirProfiles)
            .Answers("lets an anomaly be", json => json.AcknowledgedAnomalies);

        admin.MapGet("/external-account-keys", ExternalAccountKeyEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("keys for external account binding", json => json.ExternalAccountKeyList);
        admin.MapPost("/external-account-keys", ExternalAccountKeyEndpoints.Add).To(Officers, WithinTheirProfiles)
            .Takes(json => json.NewExternalAccountKey).Creates("a key for external account binding; its MAC key is told once", json => json.ExternalAccountKeyEntry);
        admin.MapDelete("/external-account-keys/{keyId}", ExternalAccountKeyEndpoints.Remove).To(Officers, WithinTheirProfiles)
            .Answers("takes a key back");

        admin.MapGet("/orders", OrderEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("orders, newest first", json => json.OrderList, OrderEndpoints.Parameters);
        admin.MapGet("/orders/{id}", OrderEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one order with what hangs from it", json => json.OrderRecord);
        admin.MapPost("/orders/{id}/approve", OrderEndpoints.Approve).To(Officers, WithinTheirProfiles)
            .Takes(json => json.OrderApproval).Answers("lets an order go on that waits for an officer", json => json.OrderRecord);
        admin.MapPost("/orders/{id}/refuse", OrderEndpoints.Refuse).To(Officers, WithinTheirProfiles)
            .Takes(json => json.OrderRefusal).Answers("ends an order that waits for an officer; the client is told the reason", json => json.OrderRecord);
        admin.MapGet("/orders/{id}/explain", EvidenceEndpoints.Explain).To(Readers, WithinTheirProfiles)
            .Answers("what became of an order and why", json => json.OrderExplanation);

        admin.MapGet("/tickets", TicketEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("tickets, newest first", json => json.TicketPage, TicketEndpoints.Parameters);
        admin.MapPost("/tickets", TicketEndpoints.Add).To(Officers, WithinTheirProfiles)
            .Takes(json => json.NewTicketRequest).Creates("a ticket; its secrets are told once", json => json.TicketEntry);
        admin.MapGet("/tickets/{id}", TicketEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one ticket", json => json.TicketEntry);
        admin.MapPost("/tickets/{id}/renew", TicketEndpoints.Renew).To(Officers, WithinTheirProfiles)
            .Creates("new secrets for an open ticket; they are told once", json => json.TicketEntry);
        admin.MapPost("/tickets/{id}/revoke", TicketEndpoints.Revoke).To(Officers, WithinTheirProfiles)
            .Takes(json => json.TicketRevocation).Answers("takes a ticket back, and what came of it if asked", json => json.TicketRevocationReport);
        admin.MapGet("/profiles", ProfileEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("the profiles in force, and those that are withdrawn", json => json.ProfileListing);
        admin.MapGet("/profiles/{name}", ProfileEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("the text of a version of a profile", json => json.ProfileVersionText, "version");
        admin.MapPost("/profiles/checks", ProfileEndpoints.Check).To(Officers, WithinTheirProfiles)
            .Takes(json => json.ProfileFiles).Answers("what an activation of files would do", json => json.ProfileCheckReport);
        admin.MapPost("/profiles/activations", ProfileEndpoints.Activate).To(Administrators)
            .Takes(json => json.ProfileFiles).Creates("puts profile files into force, all together", json => json.ProfileActivationReport);
        admin.MapPost("/profiles/{name}/rollback", ProfileEndpoints.RollBack).To(Administrators)
            .Takes(json => json.ProfileRollback).Creates("puts an earlier text of a profile into force again", json => json.ProfileActivationReport);
        admin.MapPost("/profiles/{name}/withdraw", ProfileEndpoints.Withdraw).To(Administrators)
            .Takes(json => json.ProfileReason).Creates("offers a profile no longer", json => json.ProfileActivationReport);
        admin.MapGet("/profile-versions", ProfileEndpoints.History).To(Readers, WithinTheirProfiles)
            .Answers("the versions of the set of profiles, newest first", json => json.ProfileVersionList, ProfileEndpoints.Parameters);
        admin.MapPost("/profile-versions/{number}/rollback", ProfileEndpoints.RollBackAll).To(Administrators)
            .Takes(json => json.ProfileReason).Creates("makes the whole set what it was in a version", json => json.ProfileActivationReport);

        admin.MapGet("/tokens", TokenEndpoints.List).To(Overseers)
            .Answers("tokens, those that are over among them", json => json.AdminTokenList, AdminQuery.OfPage);
        admin.MapPost("/tokens", TokenEndpoints.Add).To(Administrators)
            .Takes(json => json.NewAdminToken).Creates("a token; it is told once", json => json.AdminTokenEntry);
        admin.MapDelete("/tokens/{id}", TokenEndpoints.Revoke).To(Administrators)
            .Answers("revokes a token", json => json.AdminTokenEntry);

        admin.MapGet("/sync", SyncRoutes.List).To(Readers)
            .Answers("inventories that the ledger is kept in step with", json => json.SyncListing);
        admin.MapGet("/sync/{name}", SyncRoutes.Show).To(Readers)
            .Answers("how it stands with one of them", json => json.SyncSourceEntry);
        admin.MapPost("/sync/{name}/run", SyncRoutes.Run).To(Officers)
            .Takes(json => json.SyncRunRequest).Answers("asks it now", json => json.SyncSourceEntry);

        admin.MapGet("/webhook-deliveries", WebhookRoutes.Deliveries).To(Readers, WithinTheirProfiles)
            .Answers("what webhooks were asked, newest first", json => json.WebhookDeliveryPage, WebhookRoutes.Parameters);
        admin.MapGet("/webhook-deliveries/{id}", WebhookRoutes.Delivery).To(Readers, WithinTheirProfiles)
            .Answers("one delivery with what was asked and answered", json => json.WebhookDeliveryRecord);
        admin.MapPost("/webhook-deliveries/{id}/replay", WebhookRoutes.Replay).To(Officers, WithinTheirProfiles)
            .Answers("sends it again; nothing follows from the answer", json => json.WebhookDeliveryRecord);
        admin.MapGet("/webhooks", WebhookRoutes.List).To(Readers, WithinTheirProfiles)
            .Answers("the webhooks of the profiles in force, with their circuit breakers", json => json.WebhookListing);
        admin.MapPost("/webhooks/{profile}/{name}/test", WebhookRoutes.Try).To(Officers, WithinTheirProfiles)
            .Answers("fires one with a made-up device; nothing follows from the answer", json => json.WebhookDeliveryRecord);
    }

    /// <summary>The body of a request, as JSON of the expected shape.</summary>
    /// <param name="largest">Most octets that it may have.</param>
    public static async Task<T> Read<T>(HttpRequest request, JsonTypeInfo<T> type, int largest = MaximumBodyBytes)
    {
        if (!request.HasJsonContentType())
        {
            throw Problems.Malformed("content-type", $"Content-Type: expected application/json, found '{request.ContentType}'", StatusCodes.Status415UnsupportedMediaType);
        }

        if (request.ContentLength is not { } length || length > largest)
        {
            throw Problems.Malformed("body-too-large", $"body: expected a Content-Length of at most {largest} bytes", StatusCodes.Status413PayloadTooLarge);
        }

        try
        {
            return await JsonSerializer.DeserializeAsync(request.Body, type, request.HttpContext.RequestAborted)
                ?? throw Problems.Malformed("json-malformed", "body: expected an object, found null");
        }
        catch (JsonException exception)
        {
            throw Problems.Malformed("json-malformed", $"body: {exception.Message}");
        }
    }
}
