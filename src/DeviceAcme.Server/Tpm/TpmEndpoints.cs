using DeviceAcme.Core;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Tpm;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Tpm;

/// <summary>
/// The routes of the attestation CA, on the ACME listener. Nobody signs them: the endorsement key is the only credential that there is. Both
/// wire forms end in the same <see cref="CredentialActivation"/>; <c>docs/tpm-protocol.md</c> describes them.
/// </summary>
internal static class TpmEndpoints
{
    public static void MapTpm(this IEndpointRouteBuilder routes)
    {
        var tpm = routes.MapGroup("/tpm/{profile}").RefusedAs(RefusedAs.AttestationKey);
        tpm.MapPost("/attest", Attest);                   // the Smallstep attestation CA's two requests
        tpm.MapPost("/secret", Secret);
        tpm.MapPost("/activations", NewActivation);       // ours
        tpm.MapPost("/activations/{id}", Activate);
    }

    private static async Task<IResult> Attest(string profile, HttpContext context, ProfileCatalog profiles, CredentialActivation activation, CancellationToken cancellation)
    {
        var offering = Require(profiles, profile);
        var request = await RequestBody.Read(context, body => ActivationRequest.ParseSmallstep(StrictJson.ParseObject(body, "body")));
        var (_, challenge) = await activation.Begin(offering, request, cancellation);
        return new JsonOctets(challenge.ToSmallstepJson());
    }

    private static async Task<IResult> Secret(string profile, HttpContext context, ProfileCatalog profiles, CredentialActivation activation, CancellationToken cancellation)
    {
        var offering = Require(profiles, profile);
        var secret = await RequestBody.Read(context, body => ActivationSecret.ParseSmallstep(StrictJson.ParseObject(body, "body")));
        return new JsonOctets((await activation.Complete(offering, secret, cancellation)).ToSmallstepJson());
    }

    private static async Task<IResult> NewActivation(
        string profile, HttpContext context, ProfileCatalog profiles, CredentialActivation activation, ServerOptions options, CancellationToken cancellation)
    {
        var offering = Require(profiles, profile);
        RequireJson(context.Request);
        var request = await RequestBody.Read(context, body => ActivationRequest.Parse(StrictJson.ParseObject(body, "body")));
        var (id, challenge) = await activation.Begin(offering, request, cancellation);
        return new JsonOctets(challenge.ToJson()) { Status = StatusCodes.Status201Created, Location = $"{options.BaseUrl}/tpm/{offering.Name}/activations/{id}" };
    }

    private static async Task<IResult> Activate(string profile, string id, HttpContext context, ProfileCatalog profiles, CredentialActivation activation, CancellationToken cancellation)
    {
        var offering = Require(profiles, profile);
        RequireJson(context.Request);
        var secret = await RequestBody.Read(context, body => ActivationSecret.Parse(StrictJson.ParseObject(body, "body")));
        return new JsonOctets((await activation.Complete(offering, new ActivationId(id), secret, cancellation)).ToJson());
    }

    private static CertificateProfile Require(ProfileCatalog profiles, string name) =>
        profiles.Find(name) is { Attestation.Ek: not null } profile
            ? profile
            : throw Problems.Malformed("attestation-ca-unknown", "path: expected a profile that certifies attestation keys (attestation.ek), found another", StatusCodes.Status404NotFound);

    private static void RequireJson(HttpRequest request)
    {
        if (!request.HasJsonContentType())
        {
            throw Problems.Malformed("media-type-wrong", "Content-Type: expected application/json", StatusCodes.Status415UnsupportedMediaType);
        }
    }
}

/// <summary>A JSON body that is written already.</summary>
internal sealed class JsonOctets(byte[] body) : IResult
{
    public int Status { get; init; } = StatusCodes.Status200OK;
    public string? Location { get; init; }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        if (Location is not null)
        {
            response.Headers.Location = Location;
        }

        return response.Body.WriteAsync(body).AsTask();
    }
}
