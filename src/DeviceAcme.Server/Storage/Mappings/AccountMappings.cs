using DeviceAcme.Core.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class AccountMapping : IEntityTypeConfiguration<Account>
{
    public void Configure(EntityTypeBuilder<Account> account)
    {
        account.ToTable("accounts");
        account.HasKey(a => a.Id);
        account.Property(a => a.Id).HasColumnName("id");
        account.Property(a => a.Profile).HasColumnName("profile");
        account.Property(a => a.Thumbprint).HasColumnName("thumbprint");
        account.Property(a => a.Key).HasColumnName("key");
        account.Property(a => a.Status).HasColumnName("status");
        account.Property(a => a.Contact).HasColumnName("contact");
        account.Property(a => a.AgreedTerms).HasColumnName("agreed_terms");
        account.Property(a => a.ExternalAccountKeyId).HasColumnName("external_account_key_id");
        account.Property(a => a.ExternalAccountBinding).HasColumnName("external_account_binding");
        account.Property(a => a.ExternalAccountProfile).HasColumnName("external_account_profile");
        account.Property(a => a.Ticket).HasColumnName("ticket_id");
        account.Property(a => a.Directory).HasColumnName("directory");
        account.Property(a => a.CreatedAt).HasColumnName("created_at");
        account.Property(a => a.Version).HasColumnName("version").IsConcurrencyToken();
        account.HasIndex(a => new { a.Profile, a.Directory, a.Thumbprint }).IsUnique().HasDatabaseName("accounts_key");
        account.HasIndex(a => a.Ticket).HasFilter("ticket_id IS NOT NULL").HasDatabaseName("accounts_ticket");
        account.HasIndex(a => new { a.CreatedAt, a.Id }).HasDatabaseName("accounts_created");
        account.HasIndex(a => new { a.Profile, a.CreatedAt, a.Id }).HasDatabaseName("accounts_profile");
    }
}
