using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Identifiers;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Revocation;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Server.Revocation;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.6: revocation by the account that ordered, by one that holds the names, or by the certificate's own key.</summary>
internal static class RevokeCertificate
{
    public static async Task<IResult> Handle(AcmeRequest request, AcmeDb db, CrlPublisher crls, CancellationToken cancellation)
    {
        var wanted = RevocationRequest.Parse(request.Payload());
        RevocationReasons.Require("reason", wanted.Reason);
        using var certificate = Read(wanted.Certificate);

        var issuerKeyId = await db.Commit(context => Save(context, request, certificate, wanted.Reason), cancellation);
        await crls.Publish(issuerKeyId);
        return Results.Ok();
    }

    private static X509Certificate2 Read(ReadOnlyMemory<byte> der)
    {
        try
        {
            var certificate = X509CertificateLoader.LoadCertificate(der.Span);

            // the loader takes PEM too, and octets behind the certificate
            return der.Span.SequenceEqual(certificate.RawDataMemory.Span) ? certificate : throw Unreadable();
        }
        catch (CryptographicException)
        {
            throw Unreadable();
        }
    }

    private static ProblemException Unreadable() =>
        Problems.Malformed("certificate-unreadable", "certificate: expected one X.509 certificate, base64url of its DER form");

    /// <summary>The id of the issuing key, whose CRL changes.</summary>
    private static string Save(AcmeContext context, AcmeRequest request, X509Certificate2 certificate, int? reason)
    {
        var serial = Convert.ToHexStringLower(certificate.SerialNumberBytes.Span).TrimStart('0');
        var stored = context.Certificates.Where(row => row.Serial == serial).AsEnumerable().FirstOrDefault(row => row.Certificate.AsSpan().SequenceEqual(certificate.RawData));
        if (stored is null)
        {
            throw Problems.Malformed("certificate-unknown", "certificate: it was not issued here", StatusCodes.Status404NotFound);
        }

        var order = context.Orders.Single(order => order.Id == stored.Order);
        if (!MayRevoke(context, request, certificate, stored, order))
        {
            throw Problems.Unauthorized(
                "revocation-not-allowed", "signer: expected the account that ordered the certificate, one that holds authorizations for all of its names, or the certificate's key (RFC 8555 §7.6)");
        }

        context.Record(stored.Revoke(reason, request.SigningAccount?.Id, actor: null, request.Now));
        return stored.IssuerKeyId;
    }

    private static bool MayRevoke(AcmeContext context, AcmeRequest request, X509Certificate2 certificate, StoredCertificate stored, Order order) =>
        request.SigningAccount is { } account
            ? stored.Account == account.Id || HoldsAll(context, account, order, stored.Profile, request.Now)
            : Jwk.FromSpki(certificate.PublicKey.ExportSubjectPublicKeyInfo()).Equals(request.Key);

    /// <summary>
    /// Whether the account holds valid authorizations for every name, proven under the rules of the certificate's own profile. Serial
    /// numbers of devices are no secret and give no such right.
    /// </summary>
    private static bool HoldsAll(AcmeContext context, Account account, Order order, string profile, DateTimeOffset now) => order.Identifiers.All(identifier =>
    {
        if (identifier.Type is not (AcmeIdentifier.Dns or AcmeIdentifier.Ip))
        {
            return false;
        }

        var (value, wildcard) = IdentifierTypes.Find(identifier.Type)!.Authorize(identifier.Value);
        return context.Authorizations.Any(authorization => authorization.AccountId == account.Id && authorization.Profile == profile && authorization.IdentifierType == identifier.Type
            && authorization.IdentifierValue == value && authorization.Wildcard == wildcard && authorization.Status == AuthorizationStatus.Valid && authorization.Expires > now);
    });
}
