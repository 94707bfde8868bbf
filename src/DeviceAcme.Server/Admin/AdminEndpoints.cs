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
            .Answers("this document", Json.JsonElement);
        admin.MapGet("/self", TokenEndpoints.Self).To(Readers, WithinTheirProfiles)
            .Answers("who the server takes the caller for", Json.AdminSelf);

        admin.MapGet("/accounts", AccountEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("ACME accounts, newest first", Json.AccountList, AccountEndpoints.Parameters);
        admin.MapPost("/accounts", TicketEndpoints.Register).To(Officers, WithinTheirProfiles)
            .Takes(Json.NewRegistration).Creates("an account for a key that is known beforehand", Json.RegisteredAccount);
        admin.MapGet("/accounts/{id}", AccountEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one account with what hangs from it", Json.AccountRecord);
        admin.MapPost("/accounts/{id}/deactivate", AccountEndpoints.Deactivate).To(Officers, WithinTheirProfiles)
            .Takes(Json.AccountDeactivation).Answers("ends an account and its unfinished orders", Json.AccountRecord);

        admin.MapGet("/anchors", AnchorEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("the anchors of a version", Json.AnchorListing, "version", "folder");
        admin.MapGet("/anchors/versions", AnchorEndpoints.Versions).To(Readers, WithinTheirProfiles)
            .Answers("all versions of the anchor set", Json.AnchorVersionList);
        admin.MapGet("/anchors/diff", AnchorEndpoints.Diff).To(Readers, WithinTheirProfiles)
            .Answers("what changed between two versions", Json.AnchorChanges, "from", "to");
        admin.MapGet("/anchors/export", AnchorEndpoints.Export).To(Readers, WithinTheirProfiles)
            .Answers("a version as the files of a trust directory", Json.AnchorExport, "version", "folder");
        admin.MapGet("/anchors/sets/{hash}", AnchorEndpoints.Set).To(Readers, WithinTheirProfiles)
            .Answers("the set that evidence was judged under", Json.AnchorSetEntry);
        admin.MapPost("/anchors/imports", AnchorEndpoints.Import).To(Administrators)
            .Takes(Json.AnchorImportRequest).Creates("takes certificates into a folder", Json.AnchorImportReport);
        admin.MapPost("/anchors/distrusts", AnchorEndpoints.Distrust).To(Administrators)
            .Takes(Json.AnchorDistrustRequest).Creates("believes a certificate no more, or again", Json.AnchorChanges);

        admin.MapGet("/attestation-keys", AttestationKeyEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("certificates of the TPM attestation CA", Json.AttestationKeyList, AttestationKeyEndpoints.Parameters);
        admin.MapPost("/attestation-keys/{id}/revoke", AttestationKeyEndpoints.Revoke).To(Officers, WithinTheirProfiles)
            .Answers("revokes one of them", Json.AttestationKeyEntry);

        admin.MapGet("/audit", AuditEndpoints.List).To(Overseers, WithinTheirProfiles)
            .Answers("what happened, newest first", Json.AuditPage, AuditEndpoints.Parameters);
        admin.MapGet("/audit/export", AuditEndpoints.Export).To(Overseers)
            .AnswersLines("the events of a time, a line each, chained", Json.AuditRecord, "since", "until");
        admin.MapGet("/audit/head", AuditEndpoints.Head).To(Overseers)
            .Answers("where the audit log ends", Json.AuditHead);

        admin.MapGet("/certificates", CertificateEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("issued certificates, newest first", Json.CertificateList, CertificateEndpoints.Parameters);
        admin.MapGet("/certificates/{id}", CertificateEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one certificate, by its id or serial number, with its chain as PEM", Json.CertificateRecord);
        admin.MapPost("/certificates/{id}/revoke", CertificateEndpoints.Revoke).To(Officers, WithinTheirProfiles)
            .Takes(Json.CertificateRevocation).Answers("revokes one of them; its CRL has it at once", Json.CertificateRecord);

        admin.MapGet("/devices", DeviceEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("the ledger, newest first", Json.DeviceList, DeviceEndpoints.Parameters);
        admin.MapPost("/devices", DeviceEndpoints.Add).To(Officers)
            .Takes(Json.NewDevice).Creates("a device that is expected", Json.DeviceEntry);
        admin.MapGet("/devices/export", InventoryEndpoints.Export).To(Readers, WithinTheirProfiles)
            .AnswersText("the ledger as an inventory", "text/csv", DeviceEndpoints.ExportParameters);
        admin.MapPost("/devices/imports", InventoryEndpoints.Import).To(Officers)
            .TakesText("text/csv").AnswersLines("brings an inventory in, all of it or nothing; a line for each step", Json.DeviceImportProgress, InventoryEndpoints.ImportParameters);
        admin.MapGet("/devices/{id}", DeviceEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one device", Json.DeviceEntry);
        admin.MapPatch("/devices/{id}", DeviceEndpoints.Edit).To(Officers)
            .Takes(Json.DeviceEdit).Answers("describes a device anew; needs If-Match", Json.DeviceEntry);
        admin.MapGet("/devices/{id}/enrollments", DeviceEndpoints.Enrollments).To(Readers, WithinTheirProfiles)
            .Answers("accounts, orders, evidence and certificates of a device", Json.DeviceEnrollments);
        admin.MapGet("/devices/{id}/history", DeviceEndpoints.History).To(Readers, WithinTheirProfiles)
            .Answers("what happened to a device, newest first", Json.AuditPage, AdminQuery.OfPage);
        admin.MapPost("/devices/{id}/block", DeviceEndpoints.Block).To(Officers)
            .Takes(Json.DeviceMove).Answers("shuts a device out", Json.DeviceChange);
        admin.MapPost("/devices/{id}/unblock", DeviceEndpoints.Unblock).To(Officers)
            .Takes(Json.DeviceMove).Answers("takes a device back that was blocked, quarantined or retired", Json.DeviceChange);
        admin.MapPost("/devices/{id}/quarantine", DeviceEndpoints.Quarantine).To(Officers)
            .Takes(Json.DeviceMove).Answers("sets a device aside while somebody looks", Json.DeviceChange);
        admin.MapPost("/devices/{id}/retire", DeviceEndpoints.Retire).To(Officers)
            .Takes(Json.DeviceMove).Answers("takes a device out of service", Json.DeviceChange);
        admin.MapPost("/devices/{id}/replace", DeviceEndpoints.Replace).To(Officers)
            .Takes(Json.DeviceMove).Answers("lets another device take its place", Json.DeviceChange);
        admin.MapPost("/devices/{id}/revoke-all", DeviceEndpoints.RevokeAll).To(Officers)
            .Takes(Json.DeviceMove).Answers("revokes all valid certificates of a device", Json.DeviceChange);

        admin.MapGet("/evidence", EvidenceEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("stored verdicts, newest first", Json.EvidenceList, EvidenceEndpoints.Parameters);
        admin.MapGet("/evidence/{id}", EvidenceEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one verdict with its evidence", Json.EvidenceRecord);
        admin.MapPost("/evidence/{id}/acknowledge", EvidenceEndpoints.Acknowledge).To(Officers, WithinTheirProfiles)
            .Answers("lets an anomaly be", Json.AcknowledgedAnomalies);

        admin.MapGet("/external-account-keys", ExternalAccountKeyEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("keys for external account binding", Json.ExternalAccountKeyList);
        admin.MapPost("/external-account-keys", ExternalAccountKeyEndpoints.Add).To(Officers, WithinTheirProfiles)
            .Takes(Json.NewExternalAccountKey).Creates("a key for external account binding; its MAC key is told once", Json.ExternalAccountKeyEntry);
        admin.MapDelete("/external-account-keys/{keyId}", ExternalAccountKeyEndpoints.Remove).To(Officers, WithinTheirProfiles)
            .Answers("takes a key back");

        admin.MapGet("/orders", OrderEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("orders, newest first", Json.OrderList, OrderEndpoints.Parameters);
        admin.MapGet("/orders/{id}", OrderEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one order with what hangs from it", Json.OrderRecord);
        admin.MapPost("/orders/{id}/approve", OrderEndpoints.Approve).To(Officers, WithinTheirProfiles)
            .Takes(Json.OrderApproval).Answers("lets an order go on that waits for an officer", Json.OrderRecord);
        admin.MapPost("/orders/{id}/refuse", OrderEndpoints.Refuse).To(Officers, WithinTheirProfiles)
            .Takes(Json.OrderRefusal).Answers("ends an order that waits for an officer; the client is told the reason", Json.OrderRecord);
        admin.MapGet("/orders/{id}/explain", EvidenceEndpoints.Explain).To(Readers, WithinTheirProfiles)
            .Answers("what became of an order and why", Json.OrderExplanation);

        admin.MapGet("/tickets", TicketEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("tickets, newest first", Json.TicketPage, TicketEndpoints.Parameters);
        admin.MapPost("/tickets", TicketEndpoints.Add).To(Officers, WithinTheirProfiles)
            .Takes(Json.NewTicketRequest).Creates("a ticket; its secrets are told once", Json.TicketEntry);
        admin.MapGet("/tickets/{id}", TicketEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("one ticket", Json.TicketEntry);
        admin.MapPost("/tickets/{id}/renew", TicketEndpoints.Renew).To(Officers, WithinTheirProfiles)
            .Creates("new secrets for an open ticket; they are told once", Json.TicketEntry);
        admin.MapPost("/tickets/{id}/revoke", TicketEndpoints.Revoke).To(Officers, WithinTheirProfiles)
            .Takes(Json.TicketRevocation).Answers("takes a ticket back, and what came of it if asked", Json.TicketRevocationReport);
        admin.MapGet("/profiles", ProfileEndpoints.List).To(Readers, WithinTheirProfiles)
            .Answers("the profiles in force, and those that are withdrawn", Json.ProfileListing);
        admin.MapGet("/profiles/{name}", ProfileEndpoints.Show).To(Readers, WithinTheirProfiles)
            .Answers("the text of a version of a profile", Json.ProfileVersionText, "version");
        admin.MapPost("/profiles/checks", ProfileEndpoints.Check).To(Officers, WithinTheirProfiles)
            .Takes(Json.ProfileFiles).Answers("what an activation of files would do", Json.ProfileCheckReport);
        admin.MapPost("/profiles/activations", ProfileEndpoints.Activate).To(Administrators)
            .Takes(Json.ProfileFiles).Creates("puts profile files into force, all together", Json.ProfileActivationReport);
        admin.MapPost("/profiles/{name}/rollback", ProfileEndpoints.RollBack).To(Administrators)
            .Takes(Json.ProfileRollback).Creates("puts an earlier text of a profile into force again", Json.ProfileActivationReport);
        admin.MapPost("/profiles/{name}/withdraw", ProfileEndpoints.Withdraw).To(Administrators)
            .Takes(Json.ProfileReason).Creates("offers a profile no longer", Json.ProfileActivationReport);
        admin.MapGet("/profile-versions", ProfileEndpoints.History).To(Readers, WithinTheirProfiles)
            .Answers("the versions of the set of profiles, newest first", Json.ProfileVersionList, ProfileEndpoints.Parameters);
        admin.MapPost("/profile-versions/{number}/rollback", ProfileEndpoints.RollBackAll).To(Administrators)
            .Takes(Json.ProfileReason).Creates("makes the whole set what it was in a version", Json.ProfileActivationReport);

        admin.MapGet("/tokens", TokenEndpoints.List).To(Overseers)
            .Answers("tokens, those that are over among them", Json.AdminTokenList, AdminQuery.OfPage);
        admin.MapPost("/tokens", TokenEndpoints.Add).To(Administrators)
            .Takes(Json.NewAdminToken).Creates("a token; it is told once", Json.AdminTokenEntry);
        admin.MapDelete("/tokens/{id}", TokenEndpoints.Revoke).To(Administrators)
            .Answers("revokes a token", Json.AdminTokenEntry);

        admin.MapGet("/sync", SyncRoutes.List).To(Readers)
            .Answers("inventories that the ledger is kept in step with", Json.SyncListing);
        admin.MapGet("/sync/{name}", SyncRoutes.Show).To(Readers)
            .Answers("how it stands with one of them", Json.SyncSourceEntry);
        admin.MapPost("/sync/{name}/run", SyncRoutes.Run).To(Officers)
            .Takes(Json.SyncRunRequest).Answers("asks it now", Json.SyncSourceEntry);

        admin.MapGet("/webhook-deliveries", WebhookRoutes.Deliveries).To(Readers, WithinTheirProfiles)
            .Answers("what webhooks were asked, newest first", Json.WebhookDeliveryPage, WebhookRoutes.Parameters);
        admin.MapGet("/webhook-deliveries/{id}", WebhookRoutes.Delivery).To(Readers, WithinTheirProfiles)
            .Answers("one delivery with what was asked and answered", Json.WebhookDeliveryRecord);
        admin.MapPost("/webhook-deliveries/{id}/replay", WebhookRoutes.Replay).To(Officers, WithinTheirProfiles)
            .Answers("sends it again; nothing follows from the answer", Json.WebhookDeliveryRecord);
        admin.MapGet("/webhooks", WebhookRoutes.List).To(Readers, WithinTheirProfiles)
            .Answers("the webhooks of the profiles in force, with their circuit breakers", Json.WebhookListing);
        admin.MapPost("/webhooks/{profile}/{name}/test", WebhookRoutes.Try).To(Officers, WithinTheirProfiles)
            .Answers("fires one with a made-up device; nothing follows from the answer", Json.WebhookDeliveryRecord);
    }

    private static AdminJson Json => AdminJson.Default;

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
