using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Issuance;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.4: the CSR against the order and the evidence, then the certificate and the order's end in one commit.</summary>
internal static class FinalizeOrder
{
    public static async Task<IResult> Handle(AcmeRequest request, string id, AcmeDb db, ProfileCatalog profiles, CertificateIssuance issuance, CancellationToken cancellation)
    {
        var wanted = FinalizeRequest.Parse(request.Payload());
        IssuanceCase subject;
        await using (var context = db.Read())
        {
            var found = GetOrder.Require(context, request, id);
            found.Order.RequireReady(found.Authorizations, request.Now);
            subject = IssuanceCase.Read(context, profiles, found, wanted.Csr, request.Key, request.Now);
        }

        var outcome = await issuance.Run(subject, cancellation);

        // not cancelled with the request: what was signed must be known to the store
        var saved = await db.Commit(context => Save(context, request, subject, outcome), CancellationToken.None);
        return saved is null ? throw outcome.Checks.Refusal! : Reply.Order(request, saved);
    }

    /// <summary>The order as it is now; null where the finalize was refused.</summary>
    private static OrderWithAuthorizations? Save(AcmeContext context, AcmeRequest request, IssuanceCase subject, IssuanceOutcome outcome)
    {
        switch (context.Confirm(subject, outcome))
        {
            case IssuanceOutcome.Issued issued:
                return context.SaveIssued(subject, issued);
            case IssuanceOutcome.NeedsApproval needed:
                return context.SaveWaiting(subject, needed);
            case IssuanceOutcome.Refused refused:
                request.RefusalIsKept = context.SaveRefused(subject, refused);
                return null;
            default:
                throw new InvalidOperationException($"{outcome.GetType().Name} is no outcome of an issuance");
        }
    }
}
