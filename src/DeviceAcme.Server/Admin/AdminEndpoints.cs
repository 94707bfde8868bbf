using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Acme;
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
        services.AddSingleton<AuditLog>();
        services.AddSingleton<ExternalAccountKeys>();
    }

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/admin/v1");
        admin.MapGet("/self", TokenEndpoints.Self).To(Readers, WithinTheirProfiles);

        admin.MapGet("/anchors", AnchorEndpoints.List).To(Readers, WithinTheirProfiles);
        admin.MapGet("/anchors/versions", AnchorEndpoints.Versions).To(Readers, WithinTheirProfiles);
        admin.MapGet("/anchors/diff", AnchorEndpoints.Diff).To(Readers, WithinTheirProfiles);
        admin.MapGet("/anchors/export", AnchorEndpoints.Export).To(Readers, WithinTheirProfiles);
        admin.MapGet("/anchors/sets/{hash}", AnchorEndpoints.Set).To(Readers, WithinTheirProfiles);
        admin.MapPost("/anchors/imports", AnchorEndpoints.Import).To(Administrators);
        admin.MapPost("/anchors/distrusts", AnchorEndpoints.Distrust).To(Administrators);

        admin.MapGet("/attestation-keys", AttestationKeyEndpoints.List).To(Readers, WithinTheirProfiles);
        admin.MapPost("/attestation-keys/{id}/revoke", AttestationKeyEndpoints.Revoke).To(Officers, WithinTheirProfiles);

        admin.MapGet("/audit", AuditEndpoints.List).To(Overseers, WithinTheirProfiles);
        admin.MapGet("/audit/export", AuditEndpoints.Export).To(Overseers);
        admin.MapGet("/audit/head", AuditEndpoints.Head).To(Overseers);

        admin.MapGet("/evidence", EvidenceEndpoints.List).To(Readers, WithinTheirProfiles);
        admin.MapGet("/evidence/{id}", EvidenceEndpoints.Show).To(Readers, WithinTheirProfiles);
        admin.MapPost("/evidence/{id}/acknowledge", EvidenceEndpoints.Acknowledge).To(Officers, WithinTheirProfiles);

        admin.MapGet("/external-account-keys", ExternalAccountKeyEndpoints.List).To(Readers, WithinTheirProfiles);
        admin.MapPost("/external-account-keys", ExternalAccountKeyEndpoints.Add).To(Officers, WithinTheirProfiles);
        admin.MapDelete("/external-account-keys/{keyId}", ExternalAccountKeyEndpoints.Remove).To(Officers, WithinTheirProfiles);

        admin.MapGet("/orders/{id}/explain", EvidenceEndpoints.Explain).To(Readers, WithinTheirProfiles);

        admin.MapGet("/tokens", TokenEndpoints.List).To(Overseers);
        admin.MapPost("/tokens", TokenEndpoints.Add).To(Administrators);
        admin.MapDelete("/tokens/{id}", TokenEndpoints.Revoke).To(Administrators);
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
