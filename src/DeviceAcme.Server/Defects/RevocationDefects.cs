using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Protocol.Jose;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Defects;

/// <summary>Defects of revocation (RFC 8555 §7.6).</summary>
internal static class RevocationDefects
{
    private const string Section = "RFC 8555 §7.6";

    public static IReadOnlyList<PlantedDefect> All { get; } =
    [
        Of("revocation-by-any-account", "revocation-of-a-foreign-certificate", "lets any account revoke", request => AsOwner(request, "kid")),
        Of("revocation-by-any-key", "revocation-by-a-foreign-key", "lets any key revoke", request => AsOwner(request, "jwk")),
        Of("revocation-reason-ignored", "revocation-in-the-name-of-the-ca", "takes reasons that are not the client's to give", request =>
        {
            if (request.Is("revoke-cert"))
            {
                request.Change(payload => payload.Remove("reason"));
            }

            return Task.CompletedTask;
        }),
        new PlantedDefect
        {
            Name = "revocation-again", Section = Section, Kind = "mac", Case = "revocation-twice", Broken = "says yes to every revocation of the same certificate",
            Answer = answer =>
            {
                if (answer.IsProblem("alreadyRevoked"))
                {
                    answer.Succeed();
                }
            },
        },
        new PlantedDefect
        {
            Name = "unknown-certificate-revoked", Section = Section, Kind = "mac", Case = "revocation-of-an-unknown-certificate", Broken = "says yes to the revocation of a certificate that it did not issue",
            Answer = answer =>
            {
                if (answer.Is("revoke-cert") && answer.Response.StatusCode == StatusCodes.Status404NotFound)
                {
                    answer.Succeed();
                }
            },
        },
    ];

    private static PlantedDefect Of(string name, string found, string broken, Func<DefectRequest, Task> change) => new() { Name = name, Section = Section, Kind = "mac", Case = found, Broken = broken, Request = change };

    private static async Task AsOwner(DefectRequest request, string signer)
    {
        if (!request.Is("revoke-cert") || request.Header?.ContainsKey(signer) != true || System.Text.Json.Nodes.JsonNode.Parse(request.Payload)?["certificate"] is not { } sent
            || !Base64Url.TryDecode((string)sent!, 1 << 16, out var der))
        {
            return;
        }

        using var certificate = X509CertificateLoader.LoadCertificate(der);
        var serial = Convert.ToHexStringLower(certificate.SerialNumberBytes.Span).TrimStart('0');
        await using var context = request.Db.Read();
        if (await context.Certificates.FirstOrDefaultAsync(row => row.Serial == serial) is { } found)
        {
            request.SignAs($"{request.Root}/account/{found.Account}");
        }
    }
}
