using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Administration;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Admin;

/// <summary>Whose certificate an administrator showed (<c>--admin-client-ca</c>, <c>--admin-client-roles</c>).</summary>
/// <remarks>Revocation is known of certificates that this server issued; an outside CA's certificates are taken away from the list of names.</remarks>
internal sealed class ClientCertificates
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2Collection _authorities = [];
    private readonly IReadOnlyList<AdminGrant> _grants;
    private readonly AcmeDb _db;
    private readonly TimeProvider _time;

    public ClientCertificates(ServerOptions options, AcmeDb db, TimeProvider time)
    {
        (_grants, _db, _time) = (options.AdminClientRoles, db, time);
        if (options.AdminClientCa is { } file)
        {
            try
            {
                _authorities.ImportFromPemFile(file);
            }
            catch (CryptographicException exception)
            {
                throw new StartFailure($"{file} cannot be read as certificates: {exception.Message}");
            }

            if (_authorities.Count == 0)
            {
                throw new StartFailure($"{file} holds no certificate", "the PEM certificates of the CAs that certify administrators are expected");
            }
        }
    }

    public async Task<Identification> Identify(X509Certificate2 certificate, CancellationToken cancellation)
    {
        if (Wrong(certificate) is { } wrong)
        {
            return Identification.Refused("admin-certificate-untrusted", $"certificate: {wrong}");
        }

        var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        var names = new[] { name, certificate.GetNameInfo(X509NameType.EmailName, forIssuer: false) }.Where(text => text.Length > 0).ToHashSet(StringComparer.Ordinal);
        var caller = AdminGrant.Together($"certificate:{name}", _grants.Where(grant => names.Contains(grant.Name)));
        if (caller is null)
        {
            return Identification.Refused("admin-certificate-without-role", $"certificate: no role is given to '{string.Join("' or '", names)}'", new AdminCaller($"certificate:{name}", AdminRoles.None));
        }

        var serial = certificate.SerialNumber.ToLowerInvariant();
        await using var context = _db.Read();
        return await context.Certificates.AnyAsync(row => row.Serial == serial && row.RevokedAt != null, cancellation)
            ? Identification.Refused("admin-certificate-revoked", "certificate: it was revoked", caller)
            : Identification.Of(caller);
    }

    private string? Wrong(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.ExtraStore.AddRange(_authorities);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().UtcDateTime;
        return chain.Build(certificate) ? null : $"it leads to no CA of --admin-client-ca: {string.Join(", ", chain.ChainStatus.Select(status => status.Status))}";
    }
}
